/** Streams for next to nothing: short clips, encoded once and sent in a loop as they are. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcess, FFMPEG, ffmpegOutput } from './ffmpeg.ts';

const CLIP_SECONDS = 4;

export class Loops {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-loops-'));
  readonly #running: ChildProcess[] = [];
  #clips = 0;

  /** Publishes a moving picture in one colour with a tone, by RTMP. @returns how to end it */
  async publish(url: string, colour: string): Promise<() => Promise<void>> {
    const clip = join(this.#folder, `clip-${this.#clips++}.flv`);
    const picture = `gradients=size=640x360:rate=25:c0=${colour}:c1=white:speed=0.05`;
    const encoded = await ffmpegOutput([
      ...['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', 'sine=frequency=440'],
      ...['-t', String(CLIP_SECONDS), '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0'],
      ...['-g', '25', '-pix_fmt', 'yuv420p', '-b:v', '500k', '-c:a', 'aac', '-f', 'flv'],
    ]);
    writeFileSync(clip, encoded);
    const input = ['-re', '-stream_loop', '-1', '-i', clip];
    const child = spawn(
      FFMPEG,
      ['-loglevel', 'error', '-nostdin', ...input, '-c', 'copy', '-f', 'flv', url],
      { stdio: 'ignore' },
    );
    this.#running.push(child);
    return () => endProcess(child);
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((child) => endProcess(child)));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Asks the API as the server's own command line does. */
export async function asOwner(
  { http, stateDir }: { readonly http: number; readonly stateDir: string },
  method: string,
  path: string,
  body?: object | Buffer,
  type = 'application/json',
): Promise<Response> {
  const { token } = JSON.parse(readFileSync(join(stateDir, 'server.json'), 'utf8')) as {
    token: string;
  };
  return fetch(`http://127.0.0.1:${http}/api${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    ...(body !== undefined && {
      body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
    }),
  });
}
