/**
 * Compiles native/*.cc into build/millrace.node, only when a source, the compiler's arguments or Node changed.
 * Everything it needs is here or comes with Node: OpenSSL's and Node-API's headers lie beside its binary, and the
 * symbols are resolved from that binary when the addon is loaded.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Above src/native as above dist/native. */
const ROOT = dirname(dirname(import.meta.dirname));
const OUTPUT = join(ROOT, 'build', 'millrace.node');
const STAMP = join(ROOT, 'build', 'millrace.node.stamp');

const FLAGS = [
  '-std=c++17',
  '-O2',
  '-fPIC',
  '-shared',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-DNAPI_VERSION=8', // Node 20 and later
  '-DOPENSSL_API_COMPAT=30000', // OpenSSL 3.0, as in Node 20
];

/** Builds the addon where it is missing or out of date. Throws an Error whose message says what to do. */
export function buildAddon(): void {
  const sources = readdirSync(join(ROOT, 'native')).filter((name) => /\.(cc|h)$/.test(name));
  const command = [process.env['CXX'] ?? 'c++', ...FLAGS, `-I${headersFolder()}`, `-I${ROOT}`];
  const stamp = stampOf(sources, command);
  if (existsSync(OUTPUT) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return;
  mkdirSync(dirname(OUTPUT), { recursive: true });
  compile(sources, command);
  writeFileSync(STAMP, stamp);
}

/** All sources as one translation unit: the headers are read once, which takes 1.5 s instead of 4. */
function compile(sources: readonly string[], command: readonly string[]): void {
  const unit = sources
    .filter((name) => name.endsWith('.cc'))
    .map((name) => `#include "native/${name}"\n`);
  // Under another name first: a running server has the old file mapped.
  const fresh = `${OUTPUT}.${process.pid}`;
  const [program, ...flags] = command;
  const run = spawnSync(program!, [...flags, '-o', fresh, '-x', 'c++', '-'], {
    input: unit.join(''),
    encoding: 'utf8',
  });
  if (run.error !== undefined) {
    throw new Error(
      `Cannot run the C++ compiler "${program}". Install one (Debian, Ubuntu: apt install g++; Fedora: dnf install gcc-c++) or name it in CXX.`,
    );
  }
  if (run.status !== 0) {
    rmSync(fresh, { force: true });
    throw new Error(`The C++ compiler "${program}" refused native/*.cc:\n${run.stderr}`);
  }
  renameSync(fresh, OUTPUT);
}

function stampOf(sources: readonly string[], command: readonly string[]): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([process.version, process.arch, command]));
  for (const name of sources.toSorted()) {
    hash.update(`\n${name}\n`).update(readFileSync(join(ROOT, 'native', name)));
  }
  return hash.digest('hex');
}

/** The running Node's own headers, or those of the Node that the bootstrap fetched. */
export function headersFolder(): string {
  const candidates = [
    join(dirname(dirname(process.execPath)), 'include', 'node'),
    join(ROOT, '.runtime', 'node_modules', `node-linux-${process.arch}`, 'include', 'node'),
  ];
  const found = candidates.find(
    (folder) =>
      existsSync(join(folder, 'node_api.h')) && existsSync(join(folder, 'openssl', 'ssl.h')),
  );
  if (found === undefined) {
    throw new Error(
      `Node's headers (node_api.h, openssl/ssl.h) are in none of: ${candidates.join(', ')}. Run "npm start", which fetches a Node that has them.`,
    );
  }
  return found;
}
