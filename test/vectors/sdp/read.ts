import { readdirSync, readFileSync } from 'node:fs';

/** One captured session description as text. */
export function readSdp(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

/** Names of all captured descriptions and fragments. */
export function sdpVectors(): string[] {
  return readdirSync(new URL('.', import.meta.url)).filter((name) => /\.sdp(frag)?$/.test(name));
}
