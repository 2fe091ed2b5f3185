/**
 * The transcoder process: AAC frames come in on stdin, Opus packets go out on stdout (audio/messages.ts). It is apart
 * from the server because its decoder is native code that is fed by strangers; media/transcoder.ts starts it,
 * restarts it when it dies, and ends it by closing its stdin.
 */

import type { AacToOpus, AacToOpusOptions } from './audio/aac-to-opus.ts';
import {
  type FromTranscoder,
  MessageReader,
  type ToTranscoder,
  writeMessage,
} from './audio/messages.ts';

const streams = new Map<number, AacToOpus>();
const waiting: ToTranscoder[] = [];
let busy = false;

function send(message: FromTranscoder): void {
  process.stdout.write(writeMessage(message));
}

function fault(stream: number, message: string): void {
  streams.get(stream)?.close();
  streams.delete(stream);
  send({ kind: 'fault', stream, bytes: Buffer.from(message) });
}

/** One message after the other, each to its end: so the parent knows which frame we were at, should this one kill us. */
async function work(open: typeof AacToOpus.open): Promise<void> {
  if (busy) return;
  busy = true;
  for (let message = waiting.shift(); message; message = waiting.shift()) {
    if (message.kind === 'open') await openStream(open, message);
    else if (message.kind === 'frame') await takeFrame(message);
    else closeStream(message.stream);
  }
  busy = false;
}

async function openStream(
  open: typeof AacToOpus.open,
  message: Extract<ToTranscoder, { kind: 'open' }>,
): Promise<void> {
  const { stream, sampleRate, channels, opusBitrateBps, bytes } = message;
  try {
    const onPacket: AacToOpusOptions['onPacket'] = (opus, timestampMs, loudness) =>
      send({ kind: 'packet', stream, timestampMs, ...loudness, bytes: opus });
    const options = { audioSpecificConfig: bytes, sampleRate, channels, opusBitrateBps, onPacket };
    streams.set(stream, await open(options));
  } catch (error) {
    fault(stream, `its AAC configuration is not one that we can decode (${String(error)})`);
  }
}

async function takeFrame({
  stream,
  bytes,
  timestampMs,
}: Extract<ToTranscoder, { kind: 'frame' }>): Promise<void> {
  const outcome = await streams.get(stream)?.push(bytes, timestampMs);
  if (outcome === 'layout-changed') {
    fault(stream, 'its number of channels changed within the stream, or is more than 8');
  } else if (outcome === 'unknown-rate') {
    fault(stream, 'its sampling rate is not one of AAC');
  }
  send({ kind: outcome === 'decoded' ? 'decoded' : 'undecodable', stream });
}

function closeStream(stream: number): void {
  streams.get(stream)?.close();
  streams.delete(stream);
}

// Ctrl-C goes to every process of the terminal; the server closes its sessions first and then our stdin.
process.on('SIGINT', () => {});

try {
  const { AacToOpus, warmUp } = await import('./audio/aac-to-opus.ts');
  await warmUp();
  send({ kind: 'ready', stream: 0 });
  const reader = new MessageReader();
  process.stdin.on('data', (chunk: Buffer) => {
    const messages = reader.read(chunk);
    if (messages === undefined) process.exit(1);
    waiting.push(...(messages as ToTranscoder[]));
    void work(AacToOpus.open);
  });
  process.stdin.on('end', () => process.exit(0));
} catch (error) {
  fault(
    0,
    `the AAC decoder or the Opus encoder cannot be loaded on this machine: ${String(error)}`,
  );
  process.exitCode = 1;
}
