/** Where figures go: one JSON line a run into results.jsonl, a table on stdout. */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import type { Figure } from './viewers-run.ts';

const RESULTS = new URL('results.jsonl', import.meta.url);

export type Result = {
  /** What was run: `viewers`, `glass`. */
  readonly bench: string;
  readonly server: string;
  readonly version: string;
  readonly publish: string;
  readonly view: string;
  readonly figures: readonly Figure[];
  readonly void: readonly string[];
  readonly warnings: readonly string[];
  /** CPU per viewer-second as a share of what Janus took over UDP in the same run. */
  readonly ratioToJanusUdp: number | undefined;
  readonly profiles?: readonly string[];
};

export function appendResult(result: Result): void {
  const line = {
    date: new Date().toISOString(),
    commit: git('rev-parse', '--short', 'HEAD'),
    uncommitted: git('status', '--porcelain', '--', 'src', 'native', 'bench/**/*.ts') !== '',
    machine: {
      cpu: cpus()[0]?.model.trim(),
      cores: cpus().length,
      kernel: release(),
      node: process.version,
    },
    ...result,
  };
  appendFileSync(RESULTS, `${JSON.stringify(line)}\n`);
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A row a figure, a column a run. */
export function printTable(results: readonly Result[]): void {
  const names = [...new Set(results.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const unitOf = (name: string) =>
    results.flatMap(({ figures }) => figures).find((figure) => figure.name === name)?.unit ?? '';
  const rows = [
    ['', ...results.map(titleOf)],
    ...names.map((name) => [
      `${name}${unitOf(name) ? ` (${unitOf(name)})` : ''}`,
      ...results.map(({ figures }) =>
        String(figures.find((one) => one.name === name)?.value ?? ''),
      ),
    ]),
    ['ratio to Janus UDP', ...results.map((result) => String(result.ratioToJanusUdp ?? ''))],
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    const [name = '', ...values] = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
    );
    print([name, ...values].join('   ').trimEnd());
  }
  for (const result of results) {
    for (const text of result.void) print(`VOID: ${titleOf(result)}: ${text}`);
    for (const text of result.warnings) print(`note: ${titleOf(result)}: ${text}`);
  }
}

function titleOf({ server, publish, view }: Result): string {
  return `${server} ${publish} > ${view}`;
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, {
      encoding: 'utf8',
      cwd: new URL('.', import.meta.url),
    }).trim();
  } catch {
    return 'unknown';
  }
}
