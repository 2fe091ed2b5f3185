/** The handler of admission-hook.py in its own process: what it heard, and how it is to behave. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endProcess } from './ffmpeg.ts';

const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(new URL('./admission-hook.py', import.meta.url));

/** One request, as the handler read it. */
export type HookCall = {
  readonly at: number;
  readonly path: string;
  readonly signed: boolean;
  readonly type: string;
  readonly message: {
    readonly client: {
      readonly address: string;
      readonly port: number;
      readonly real_ip: string;
      readonly user_agent?: string;
    };
    readonly request: {
      readonly direction: 'incoming' | 'outgoing';
      readonly protocol: string;
      readonly status: 'opening' | 'closing';
      readonly time: string;
      readonly url: string;
      readonly new_url?: string;
    };
  };
};

export class AdmissionHook {
  readonly calls: HookCall[] = [];
  readonly #child: ChildProcess;
  readonly #obeyed: string[] = [];
  #pending = '';

  private constructor(port: number) {
    this.#child = spawn(PYTHON, [SCRIPT, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout!.on('data', (chunk: Buffer) => {
      const lines = (this.#pending + chunk.toString()).split('\n');
      this.#pending = lines.pop() ?? '';
      for (const line of lines) {
        const told = JSON.parse(line) as HookCall | { obeyed: string };
        if ('obeyed' in told) this.#obeyed.push(told.obeyed);
        else this.calls.push(told);
      }
    });
  }

  static async start(port: number): Promise<AdmissionHook> {
    const hook = new AdmissionHook(port);
    await until(() => hook.#obeyed.includes('listening'), 'the hook did not start');
    return hook;
  }

  /** Changes what it does from now on: see admission-hook.py. */
  async tell(command: string): Promise<void> {
    const before = this.#obeyed.length;
    this.#child.stdin!.write(`${command}\n`);
    await until(() => this.#obeyed.length > before, `the hook did not obey "${command}"`);
  }

  /** `opening`, `closing`, … of the sessions whose URL holds this, in the order of their coming. */
  heardOf(part: string): string[] {
    return this.of(part).map(({ message }) => message.request.status);
  }

  of(part: string): HookCall[] {
    return this.calls.filter(({ message }) => message.request.url.includes(part));
  }

  async waitFor(part: string, count: number, timeoutMs = 10_000): Promise<void> {
    await until(
      () => this.of(part).length >= count,
      `of ${part} the hook heard ${this.heardOf(part).join(', ')}`,
      timeoutMs,
    );
  }

  async kill(): Promise<void> {
    await endProcess(this.#child, 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Waits for something that comes to pass by itself. */
export async function until(
  condition: () => boolean,
  otherwise: string,
  timeoutMs = 10_000,
): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > untilMs) throw new Error(otherwise);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
