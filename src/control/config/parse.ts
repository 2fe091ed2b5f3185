/** YAML → settings. The first mistake ends it, with its place and how to mend it. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { StartError } from '../start-error.ts';
import type { Settings } from './config.ts';
import { type AnyKey, type KeyTable, keys } from './keys.ts';
import { isProblem } from './kinds.ts';

/** As in a stream name's first part. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Reads a whole file's text; `file` is for the messages. Fails with a {@link StartError}. */
export function parseSettings(text: string, file: string): Settings {
  return new Reader(text, file).settings;
}

class Reader {
  readonly settings = new Map<string, unknown>();
  readonly #file: string;
  readonly #lines = new LineCounter();

  constructor(text: string, file: string) {
    this.#file = file;
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const [error] = document.errors;
    if (error !== undefined) {
      this.#fail(error.pos[0], `this is not YAML as Millrace reads it: ${error.message}.`);
    }
    if (document.contents === null) return; // nothing but comments
    this.#readGroup(document.contents, keys, '');
  }

  #readGroup(node: ParsedNode | null, table: KeyTable, prefix: string): void {
    for (const [name, value, at] of this.#pairs(node, prefix)) {
      const entry = Object.hasOwn(table, name) ? table[name] : undefined;
      const path = prefix + name;
      if (entry === undefined) this.#failUnknown(at, name, prefix, Object.keys(table));
      else if ('keys' in entry) this.#readGroup(value, entry.keys, `${path}.`);
      else if ('each' in entry) this.#readNamed(value, entry.each, path, entry.what);
      else this.#readKey(value, entry, path, at);
    }
  }

  #readNamed(
    node: ParsedNode | null,
    each: Readonly<Record<string, AnyKey>>,
    path: string,
    what: string,
  ): void {
    const names: string[] = [];
    for (const [name, value, at] of this.#pairs(node, `${path}.`)) {
      if (!NAME.test(name)) {
        this.#fail(
          at,
          `${JSON.stringify(name)} is no name for ${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}. Use letters, digits, "_", "-" and ".".`,
        );
      }
      names.push(name);
      this.#readGroup(value, each, `${path}.${name}.`);
    }
    this.settings.set(path, names);
  }

  #readKey(node: ParsedNode | null, key: AnyKey, path: string, at: number): void {
    const value = this.#plain(node, path, at);
    const read = key.read(value);
    if (isProblem(read)) {
      this.#fail(
        node?.range[0] ?? at,
        `${path} is ${key.isSecret ? 'wrong' : show(value)}. It must be ${read.mustBe}.`,
      );
    }
    this.settings.set(path, read);
  }

  /** The entries of a map with the places of their keys; none for an empty value. */
  #pairs(node: ParsedNode | null, prefix: string): [string, ParsedNode | null, number][] {
    if (node === null || (isScalar(node) && node.value === null)) return [];
    if (!isMap(node)) {
      const what = prefix === '' ? 'the file' : prefix.slice(0, -1);
      this.#fail(
        node.range[0],
        `${what} must hold keys with values, such as "port: 3333" on a line.`,
      );
    }
    return (node as YAMLMap<Node, ParsedNode | null>).items.map(({ key, value }) => {
      const at = key.range?.[0] ?? 0;
      if (!isScalar(key)) this.#fail(at, 'a key must be a plain word.');
      return [String(key.value), value, at];
    });
  }

  #plain(node: ParsedNode | null, path: string, at: number): unknown {
    if (node === null) return null;
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item) => this.#plain(item as ParsedNode, path, at));
    const what = isAlias(node) ? 'a YAML alias, which Millrace does not read' : 'a group of keys';
    return this.#fail(node.range[0], `${path} is ${what}. Write the value itself.`);
  }

  #failUnknown(at: number, name: string, prefix: string, known: readonly string[]): never {
    const nearest = known.find((key) => isNear(key, name));
    const where = prefix === '' ? 'there' : `in ${prefix.slice(0, -1)}`;
    this.#fail(
      at,
      nearest === undefined
        ? `unknown key ${JSON.stringify(name)}. The keys ${where} are ${known.join(', ')}.`
        : `unknown key ${JSON.stringify(name)}. Did you mean "${nearest}"?`,
    );
  }

  #fail(offset: number, message: string): never {
    const { line, col } = this.#lines.linePos(offset);
    throw new StartError(`${this.#file}:${line}:${col}: ${message}`);
  }
}

function show(value: unknown): string {
  return value === null ? 'empty' : JSON.stringify(value);
}

/** Whether two keys differ by a slip: one letter more, less, other or swapped, or a dash for an underscore. */
function isNear(key: string, name: string): boolean {
  const typed = name.toLowerCase().replaceAll('-', '_');
  if (typed === key) return true;
  if (Math.abs(typed.length - key.length) > 1) return false;
  const head = commonLength([...key], [...typed]);
  const tail = commonLength([...key.slice(head)].reverse(), [...typed.slice(head)].reverse());
  const left = Math.max(key.length, typed.length) - head - tail;
  return (
    left <= 1 || (left === 2 && key[head] === typed[head + 1] && key[head + 1] === typed[head])
  );
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const end = a.findIndex((letter, index) => letter !== b[index]);
  return end === -1 ? a.length : end;
}
