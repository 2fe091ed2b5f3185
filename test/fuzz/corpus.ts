/** Inputs that are kept: those that reach new code, a line of hex each, and those that once broke something. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const CORPUS = new URL('./corpus/', import.meta.url);
const CRASHES = new URL('../vectors/crashes/', import.meta.url);

function corpusFile(target: string): URL {
  return new URL(`${target}.hex`, CORPUS);
}

export function readCorpus(target: string): Uint8Array[] {
  const file = corpusFile(target);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => Buffer.from(line, 'hex'));
}

export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  mkdirSync(CORPUS, { recursive: true });
  const lines = inputs.map((input) => `${Buffer.from(input).toString('hex')}\n`);
  writeFileSync(corpusFile(target), lines.join(''));
}

export function readCrashes(
  target: string,
): { readonly name: string; readonly input: Uint8Array }[] {
  const folder = new URL(`${target}/`, CRASHES);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => ({
    name: `${target}/${name}`,
    input: new Uint8Array(readFileSync(new URL(name, folder))),
  }));
}

/** @returns the file's path */
export function writeCrash(target: string, input: Uint8Array): string {
  const folder = new URL(`${target}/`, CRASHES);
  mkdirSync(folder, { recursive: true });
  const name = createHash('sha256').update(input).digest('hex').slice(0, 16);
  const file = new URL(`${name}.bin`, folder);
  writeFileSync(file, input);
  return file.pathname;
}
