/** Debian's Chromium, started fresh and closed for sure, with eyes and ears in its pages (page/clock-reader.js). */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const READER = fileURLToPath(new URL('./page/clock-reader.js', import.meta.url));

export type ChromiumOptions = {
  /** `gesture`: sound needs a click first, as in a browser that nobody configured. */
  readonly autoplay: 'allowed' | 'gesture';
  /** Words ahead of the browser's: it runs elsewhere, as in a network namespace. */
  readonly inside?: readonly string[];
  /** Takes certificates that nobody vouches for. */
  readonly anyCertificate?: boolean;
  /** Gets what browsers give to secure origins only: audio worklets, our ears. */
  readonly secureOrigin?: string;
  /** Pages are held to their Content-Security-Policy, as everywhere; our eyes and ears then stay out of them. */
  readonly keepsPolicy?: boolean;
  /** Whether pages get camera and microphone when they ask; they do where nothing is said. */
  readonly fakeUi?: 'allow' | 'deny';
  /** Further words of its command line. */
  readonly arguments?: readonly string[];
};

export type Frame = {
  readonly drawnMs: number;
  readonly shownMs: number;
  readonly latencyMs: number;
};
export type Beep = { readonly heardMs: number; readonly latencyMs: number };
export type Watched = {
  readonly frames: readonly Frame[];
  readonly beeps: readonly Beep[];
  /** Frames shown since the page was opened, and those of them whose clock could not be read. */
  readonly shown: number;
  readonly unreadable: number;
};
/** Of RTCInboundRtpStreamStats, what tests look at. */
export type Inbound = {
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly bytesReceived: number;
  readonly framesDecoded?: number;
  readonly framesDropped?: number;
  readonly frameWidth?: number;
  readonly freezeCount?: number;
  readonly keyFramesDecoded?: number;
  readonly pliCount?: number;
  readonly totalSamplesReceived?: number;
  readonly concealedSamples?: number;
  readonly silentConcealedSamples?: number;
  readonly totalAudioEnergy?: number;
  readonly jitterBufferDelay?: number;
  readonly jitterBufferEmittedCount?: number;
};

export class Chromium {
  readonly #context: BrowserContext;
  readonly #directory: string;

  private constructor(context: BrowserContext, directory: string) {
    this.#context = context;
    this.#directory = directory;
  }

  static async start(options: ChromiumOptions): Promise<Chromium> {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-chromium-'));
    const policy =
      options.autoplay === 'allowed'
        ? 'no-user-gesture-required'
        : 'document-user-activation-required';
    const context = await chromium.launchPersistentContext(directory, {
      executablePath: options.inside ? wrapper(directory, options.inside) : CHROMIUM,
      headless: true,
      ignoreHTTPSErrors: options.anyCertificate ?? false,
      bypassCSP: options.keepsPolicy !== true, // our ears are an audio worklet from a blob
      args: [
        ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
        ...['--disable-background-networking', '--disable-component-update'],
        '--use-fake-device-for-media-stream',
        `--use-fake-ui-for-media-stream${options.fakeUi === 'deny' ? '=deny' : ''}`,
        // Pages behind each other must go on playing.
        ...['--disable-background-timer-throttling', '--disable-renderer-backgrounding'],
        ...['--disable-backgrounding-occluded-windows', `--autoplay-policy=${policy}`],
        ...(options.secureOrigin === undefined
          ? []
          : [`--unsafely-treat-insecure-origin-as-secure=${options.secureOrigin}`]),
        ...(options.arguments ?? []),
      ],
    });
    if (options.keepsPolicy !== true) await context.addInitScript({ path: READER });
    return new Chromium(context, directory);
  }

  /** An empty page. */
  newPage(): Promise<Page> {
    return this.#context.newPage();
  }

  async open(url: string): Promise<ViewerPage> {
    const page = await this.newPage();
    const viewer = new ViewerPage(page);
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    return viewer;
  }

  async close(): Promise<void> {
    const closed = this.#context.close().catch(() => {});
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
    // What is left of it knows itself by our directory.
    for (const entry of readdirSync('/proc')) {
      if (/^\d+$/.test(entry) && commandLine(entry).includes(this.#directory)) {
        process.kill(Number(entry), 'SIGKILL');
      }
    }
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A script that starts the browser there: playwright wants a file to execute. */
function wrapper(directory: string, inside: readonly string[]): string {
  const path = join(directory, 'start');
  writeFileSync(path, `#!/bin/sh\nexec ${inside.join(' ')} ${CHROMIUM} "$@"\n`, { mode: 0o755 });
  return path;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // it ended meanwhile
  }
}

/** One page that plays a stream. */
export class ViewerPage {
  readonly page: Page;
  /** What the page said on its console, and uncaught errors. */
  readonly console: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.console.push(`error: ${error.message}`));
  }

  /** Waits until the picture moves, and gives how long that took. */
  async waitForPicture(timeoutMs = 20_000): Promise<number> {
    const startMs = performance.now();
    await this.page
      .waitForFunction('watching.since(Date.now() - 1000).frames.length >= 5', undefined, {
        timeout: timeoutMs,
        polling: 50,
      })
      .catch(async (error: unknown) => {
        const video = JSON.stringify(await this.page.evaluate('watching.video()'));
        const inbound = JSON.stringify(await this.inbound('video'));
        throw new Error(`no picture: ${video}, ${inbound}, ${this.console.join(' | ')}`, {
          cause: error,
        });
      });
    return performance.now() - startMs;
  }

  /** Watches for a while and gives what was shown and heard in it. */
  async watch(durationMs: number): Promise<Watched> {
    const sinceMs = Date.now();
    await this.page.waitForTimeout(durationMs);
    return this.since(sinceMs);
  }

  since(sinceMs: number): Promise<Watched> {
    return this.page.evaluate(`watching.since(${sinceMs})`);
  }

  listen(): Promise<void> {
    return this.page.evaluate('watching.listen()');
  }

  inbound(kind: 'audio' | 'video'): Promise<Inbound | undefined> {
    return this.page.evaluate(`watching.inbound('${kind}')`);
  }

  transport(): Promise<'udp' | 'tcp' | undefined> {
    return this.page.evaluate('watching.transport()');
  }

  /** The server's port that media come from. */
  remotePort(): Promise<number | undefined> {
    return this.page.evaluate('watching.remotePort()');
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Glass to glass, and how much later than its picture the sound is. */
export function figuresOf(watched: Watched): {
  readonly latencyMs: number;
  readonly soundLateMs: number;
} {
  const latencyMs = median(watched.frames.map((frame) => frame.latencyMs));
  return {
    latencyMs,
    soundLateMs: median(watched.beeps.map((beep) => beep.latencyMs)) - latencyMs,
  };
}
