/** Files for slow links: text compressed once for each state of a file, and kept while there is room (RFC 9110 §8.4). */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

export type Encoding = 'br' | 'gzip';

/** Smaller files fit one packet anyway; larger ones would hold a thread of the pool for long. */
const FILE_BYTES_MIN = 1024;
const FILE_BYTES_MAX = 4 * 1024 * 1024;
/** Of compressed bytes, all files together. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;
/** Nearly as small as the slowest level, in a tenth of its time. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 8 } };
const TEXT =
  /^text\/|^application\/(?:javascript|json|manifest\+json|wasm|xml)|\+xml|^font\/[ot]tf/;

const encoders: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) => promisify(brotliCompress)(bytes, BROTLI),
  gzip: (bytes) => promisify(gzip)(bytes),
};

/** Whether a file of that type and size is ever sent compressed. */
export function isCompressible(contentType: string, bytes: number): boolean {
  return bytes >= FILE_BYTES_MIN && bytes <= FILE_BYTES_MAX && TEXT.test(contentType);
}

/** The best encoding that an Accept-Encoding header allows (RFC 9110 §12.5.3). */
export function chooseEncoding(accepted: string | undefined): Encoding | undefined {
  const allowed = new Set(
    (accepted ?? '')
      .toLowerCase()
      .split(',')
      .map((part) => part.trim().split(/\s*;\s*/))
      .filter(([, quality]) => quality === undefined || !/^q=0(?:\.0*)?$/.test(quality))
      .map(([name]) => name),
  );
  return (['br', 'gzip'] as const).find((encoding) => allowed.has(encoding));
}

/** Compressed files; those used longest ago give way. */
export class CompressedFiles {
  readonly #kept = new Map<string, Promise<Buffer>>();
  #keptBytes = 0;

  /** @param tag of the file's present state: another state is another file */
  async get(path: string, tag: string, encoding: Encoding): Promise<Buffer> {
    const key = `${encoding} ${tag} ${path}`;
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known;
    }
    const fresh = readFile(path).then(encoders[encoding]);
    this.#kept.set(key, fresh);
    try {
      this.#keptBytes += (await fresh).length;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
    await this.#makeRoom();
    return fresh;
  }

  async #makeRoom(): Promise<void> {
    for (const [key, bytes] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES_MAX) return;
      this.#kept.delete(key);
      this.#keptBytes -= (await bytes).length;
    }
  }
}
