/** Debian's OBS on a screen of its own, with the settings of a folder; started here, ended here. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { endProcess, FFMPEG } from './ffmpeg.ts';

const SCREEN = '1280x800x24';
const START_MS_MAX = 10_000;

export class Obs {
  readonly #screen: ChildProcess;
  readonly #program: ChildProcess;
  readonly #display: string;
  readonly #log: string[];

  private constructor(screen: ChildProcess, program: ChildProcess, display: string, log: string[]) {
    this.#screen = screen;
    this.#program = program;
    this.#display = display;
    this.#log = log;
  }

  /** @param folder holds `obs-studio`, as `config` does in a portable OBS */
  static async start(folder: string, ...options: string[]): Promise<Obs> {
    const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', SCREEN, '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const display = `:${await firstLine(screen)}`;
    const runtime = join(folder, 'runtime');
    mkdirSync(runtime, { mode: 0o700 });
    const program = spawn('obs', options, {
      env: {
        ...process.env,
        DISPLAY: display,
        HOME: folder,
        XDG_CONFIG_HOME: folder,
        XDG_RUNTIME_DIR: runtime,
        QT_QPA_PLATFORM: 'xcb',
        LIBGL_ALWAYS_SOFTWARE: '1',
        LANG: 'C.UTF-8',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log: string[] = [];
    for (const stream of [program.stdout, program.stderr]) {
      stream.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    }
    return new Obs(screen, program, display, log);
  }

  get log(): string {
    return this.#log.join('');
  }

  /** Titles of the windows that are shown. OBS's own begins with its name and version. */
  windows(): string[] {
    const ask = (...args: string[]) =>
      execFileSync('xwininfo', ['-display', this.#display, ...args], { encoding: 'utf8' });
    const all = [...ask('-root', '-children').matchAll(/^ +(0x[0-9a-f]+) "([^"]+)":/gm)];
    return all
      .filter(([, id = '']) => /Map State: IsViewable/.test(ask('-id', id, '-stats')))
      .map(([, , title = '']) => title);
  }

  screenshot(path: string): void {
    mkdirSync(dirname(path), { recursive: true });
    const [size = ''] = SCREEN.split('x24');
    const input = ['-f', 'x11grab', '-video_size', size, '-i', this.#display];
    execFileSync(FFMPEG, ['-v', 'error', '-y', ...input, '-frames:v', '1', path]);
  }

  async stop(): Promise<void> {
    await endProcess(this.#program, 'SIGKILL');
    await endProcess(this.#screen);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** The number of the display that it has taken. */
async function firstLine(screen: ChildProcess): Promise<string> {
  const pipe = screen.stdio[3];
  if (pipe === null || pipe === undefined || !('on' in pipe)) throw new Error('no pipe to Xvfb');
  let said = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Xvfb did not start')), START_MS_MAX);
    screen.once('error', reject);
    pipe.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.includes('\n')) return;
      clearTimeout(timer);
      resolve(said.trim());
    });
  });
}
