/** The machine that is installed on: its files, perhaps below another root, and its commands. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandError, EXIT } from '../command-error.ts';

export class Target {
  /** Where `/` is. Elsewhere than `/`, the running system is left alone: no users, no services. */
  readonly root: string;
  readonly #say: (text: string) => void;

  constructor(root: string, say: (text: string) => void) {
    this.root = root;
    this.#say = say;
  }

  get isRunning(): boolean {
    return this.root === '/';
  }

  path(absolute: string): string {
    return join(this.root, absolute);
  }

  has(absolute: string): boolean {
    return existsSync(this.path(absolute));
  }

  say(text: string): void {
    this.#say(text);
  }

  folder(absolute: string, mode = 0o755): void {
    mkdirSync(this.path(absolute), { recursive: true, mode });
  }

  /** Whole or not at all. */
  write(absolute: string, text: string, mode = 0o644): void {
    const path = this.path(absolute);
    mkdirSync(dirname(path), { recursive: true });
    const fresh = `${path}.${process.pid}`;
    writeFileSync(fresh, text, { mode });
    chmodSync(fresh, mode);
    renameSync(fresh, path);
    this.#say(`wrote ${absolute}`);
  }

  /** Points a link elsewhere in one step. */
  link(absolute: string, to: string): void {
    const path = this.path(absolute);
    const fresh = `${path}.${process.pid}`;
    rmSync(fresh, { force: true });
    symlinkSync(to, fresh);
    renameSync(fresh, path);
  }

  remove(absolute: string): void {
    if (!this.has(absolute)) return;
    rmSync(this.path(absolute), { recursive: true });
    this.#say(`removed ${absolute}`);
  }

  /** Runs a command of the system. Below another root it is only told. */
  run(program: string, ...words: readonly string[]): void {
    const line = [program, ...words].join(' ');
    if (!this.isRunning) {
      this.#say(`left out, since this is not the running system: ${line}`);
      return;
    }
    const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
    if (status === 0) return;
    const why = error?.message ?? stderr.trim();
    throw new CommandError(`"${line}" failed: ${why}`, EXIT.failed);
  }

  succeeds(program: string, ...words: readonly string[]): boolean {
    return spawnSync(program, words, { stdio: 'ignore' }).status === 0;
  }
}
