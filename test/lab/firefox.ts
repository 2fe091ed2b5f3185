/**
 * Debian's Firefox on one side of a lab, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), with the same
 * eyes as Chromium (test/interop/page/clock-reader.js). In a lab because it never pairs a candidate on 127.0.0.1.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Watched } from '../interop/chromium.ts';
import { endProcess } from '../interop/ffmpeg.ts';
import type { Lab, Side } from './network.ts';

const FIREFOX = '/usr/bin/firefox-esr';
const READER = new URL('../interop/page/clock-reader.js', import.meta.url);
/** Free for sure: the namespace is ours. */
const PORT = 9222;
const START_MS_MAX = 30_000;

/** H.264 through libavcodec: its own decoder for WebRTC is a plug-in that it would have to download. */
type Preferences = Readonly<Record<string, boolean | number | string>>;
const PREFERENCES: Preferences = {
  'media.webrtc.hw.h264.enabled': true,
  'media.navigator.mediadatadecoder_h264_enabled': true,
  'gfx.blacklist.webrtc.hw.acceleration': 1,
  'gfx.blacklist.webrtc.hw.acceleration.h264': 1,
  'gfx.blacklist.webrtc.hw.acceleration.decode': 1,
  'gfx.blacklist.webrtc.hw.acceleration.encode': 1,
  'media.autoplay.default': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.auto': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/** Why there is no Firefox here; undefined where there is one. */
export function firefoxRefusal(): string | undefined {
  return existsSync(FIREFOX) ? undefined : 'Firefox is not installed: apt-get install firefox-esr';
}

type Answer = {
  readonly id?: number;
  readonly type?: string;
  readonly message?: string;
  readonly result?: Record<string, unknown>;
};

export class Firefox {
  readonly #socket: WebSocket;
  readonly #end: () => Promise<void>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #commands = 0;
  #context = '';

  private constructor(socket: WebSocket, end: () => Promise<void>) {
    this.#socket = socket;
    this.#end = end;
    socket.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer;
      if (answer.id === undefined) return;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  static async start(lab: Lab, side: Side, own: Preferences = {}): Promise<Firefox> {
    const profile = join(lab.folder, 'firefox');
    mkdirSync(profile);
    const lines = Object.entries({ ...PREFERENCES, ...own }).map(
      ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
    );
    writeFileSync(join(profile, 'user.js'), lines.join('\n'));
    const child = lab.run(
      side,
      FIREFOX,
      ['--headless', '--no-remote', '--profile', profile, `--remote-debugging-port=${PORT}`],
      { stdio: 'ignore', env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' } },
    );
    try {
      const socket = await connected(await lab.relay(side, PORT));
      const firefox = new Firefox(socket, () => endProcess(child));
      await firefox.#begin();
      return firefox;
    } catch (error) {
      await endProcess(child);
      throw error;
    }
  }

  async open(url: string): Promise<void> {
    await this.#call('browsingContext.navigate', {
      context: this.#context,
      url,
      wait: 'interactive',
    });
  }

  /** What an expression is in the page, by way of JSON. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result } = (await this.#call('script.evaluate', {
      expression: `Promise.resolve(${expression}).then((value) => JSON.stringify(value ?? null))`,
      target: { context: this.#context },
      awaitPromise: true,
    })) as { result?: { value?: string } };
    if (result?.value === undefined) throw new Error(`${expression}: ${JSON.stringify(result)}`);
    return JSON.parse(result.value) as Value;
  }

  async waitForPicture(timeoutMs = 20_000): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (
      !(await this.evaluate<boolean>('watching.since(Date.now() - 1000).frames.length >= 5'))
    ) {
      if (performance.now() > untilMs) {
        const inbound = await this.evaluate("watching.inbound('video')");
        throw new Error(`no picture: ${JSON.stringify(inbound)}`);
      }
      await delay(100);
    }
  }

  since(sinceMs: number): Promise<Watched> {
    return this.evaluate(`watching.since(${sinceMs})`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    await this.#end();
  }

  async #begin(): Promise<void> {
    await this.#call('session.new', { capabilities: {} });
    const functionDeclaration = `() => {${readFileSync(READER, 'utf8')}}`;
    await this.#call('script.addPreloadScript', { functionDeclaration });
    const { contexts } = (await this.#call('browsingContext.getTree', {})) as {
      contexts: readonly { readonly context: string }[];
    };
    this.#context = contexts[0]!.context;
  }

  async #call(method: string, params: object): Promise<Record<string, unknown>> {
    const id = this.#commands++;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    if (answer.type === 'error') throw new Error(`${method}: ${answer.message}`);
    return answer.result ?? {};
  }
}

/** Once the browser listens behind the relay. */
async function connected(path: string): Promise<WebSocket> {
  const untilMs = performance.now() + START_MS_MAX;
  for (;;) {
    const headers = { host: `127.0.0.1:${PORT}` }; // it refuses other names
    const socket = new WebSocket(`ws+unix:${path}:/session`, { headers });
    const error = await new Promise<Error | undefined>((resolve) => {
      socket.once('open', () => resolve(undefined));
      socket.once('error', resolve);
    });
    if (!error) return socket;
    if (performance.now() > untilMs) throw error;
    await delay(200);
  }
}
