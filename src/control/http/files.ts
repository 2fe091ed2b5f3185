/** Serves the files of one folder: nothing outside it, nothing hidden; with validators and ranges (RFC 9110 §8.8, §14). */
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { CompressedFiles, chooseEncoding, type Encoding, isCompressible } from './compression.ts';
import { contentType } from './file-types.ts';

/** A hidden folder that is meant to be seen (RFC 8615). */
const WELL_KNOWN = '.well-known';
const INDEX = 'index.html';

/** What the answer depends on besides the file. */
export type FileRequest = {
  readonly method: string;
  readonly header: (name: string) => string | undefined;
};

/** `places`: where it lies in the folder, and where the URL says that it does, as `/show/index.html`. They differ where links lead. */
export type Found = { readonly places: readonly string[] } & (
  | { readonly path: string }
  | { readonly redirect: string }
);

/** A folder that URLs are looked up in. */
export class Folder {
  readonly #root: string;
  readonly #compressed = new CompressedFiles();

  constructor(root: string) {
    this.#root = root;
  }

  /** The file of a URL's path; a folder has its index.html, at the URL that ends with a slash. */
  async find(urlPath: string): Promise<Found | undefined> {
    const relative = safePath(urlPath);
    if (relative === undefined) return undefined;
    const isFolder = relative === '' || relative.endsWith('/');
    const file = isFolder ? relative + INDEX : relative;
    const found = await this.#inside(file);
    if (found !== undefined) return { path: found.path, places: [found.place, join('/', file)] };
    if (isFolder) return undefined;
    const index = await this.#inside(join(relative, INDEX));
    if (index === undefined) return undefined;
    return { redirect: `${urlPath}/`, places: [index.place, join('/', relative, INDEX)] };
  }

  /** Answers with a file that was found, a part of it, or the word that it has not changed. */
  send(
    request: FileRequest,
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> {
    return sendFile(request, path, headers, this.#compressed);
  }

  /** Where a regular file really lies, when that is in this folder: links that lead out of it are not followed. */
  async #inside(relative: string): Promise<{ path: string; place: string } | undefined> {
    try {
      const root = await realpath(this.#root);
      const path = await realpath(join(root, relative));
      if (!path.startsWith(root + sep)) return undefined;
      if (!(await stat(path)).isFile()) return undefined;
      return { path, place: path.slice(root.length) };
    } catch {
      return undefined;
    }
  }
}

async function sendFile(
  request: FileRequest,
  path: string,
  headers: Readonly<Record<string, string>>,
  compressed: CompressedFiles,
): Promise<Response> {
  const file = await open(path);
  try {
    const { size, mtimeMs } = await file.stat();
    const encoding = encodingFor(request, path, size);
    const state = `${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}`;
    const validators = {
      // Each encoding is a representation of its own (RFC 9110 §8.8.3).
      ETag: `"${state}${encoding === undefined ? '' : `-${encoding}`}"`,
      'Last-Modified': new Date(mtimeMs).toUTCString(),
    };
    const vary = isCompressible(contentType(path), size) ? { Vary: 'Accept-Encoding' } : {};
    const common = { ...headers, ...vary, ...validators, 'Accept-Ranges': 'bytes' };
    if (isUnchanged(request, validators)) {
      await file.close();
      return new Response(null, { status: 304, headers: common });
    }
    if (encoding !== undefined) {
      await file.close();
      const bytes = await compressed.get(path, state, encoding);
      return sendCompressed(request, path, bytes, encoding, common);
    }
    const range = chooseRange(request, validators, size);
    if (range === 'unsatisfiable') {
      await file.close();
      return new Response(null, {
        status: 416,
        headers: { ...common, 'Content-Range': `bytes */${size}` },
      });
    }
    return await sendBytes(request, file, path, size, range, common);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Undefined: as it is. Parts of a file are parts of it as it is. */
function encodingFor(request: FileRequest, path: string, size: number): Encoding | undefined {
  if (request.header('range') !== undefined) return undefined;
  if (!isCompressible(contentType(path), size)) return undefined;
  return chooseEncoding(request.header('accept-encoding'));
}

function sendCompressed(
  request: FileRequest,
  path: string,
  bytes: Buffer,
  encoding: Encoding,
  common: Readonly<Record<string, string>>,
): Response {
  const headers = {
    'Content-Type': contentType(path),
    ...common,
    'Content-Encoding': encoding,
    'Content-Length': String(bytes.length),
  };
  const body = request.method === 'HEAD' ? null : new Uint8Array(bytes);
  return new Response(body, { status: 200, headers });
}

type Range = { readonly first: number; readonly last: number };
type Validators = { readonly ETag: string; readonly 'Last-Modified': string };

async function sendBytes(
  request: FileRequest,
  file: FileHandle,
  path: string,
  size: number,
  range: Range | undefined,
  common: Readonly<Record<string, string>>,
): Promise<Response> {
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const headers = {
    'Content-Type': contentType(path),
    ...common,
    'Content-Length': String(last - first + 1),
    ...(range && { 'Content-Range': `bytes ${first}-${last}/${size}` }),
  };
  const status = range === undefined ? 200 : 206;
  if (request.method === 'HEAD' || size === 0) {
    await file.close();
    return new Response(null, { status, headers });
  }
  const stream = file.createReadStream({ start: first, end: last });
  return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, { status, headers });
}

/** RFC 9110 §13.2.2: the ETag decides where the client knows one. */
function isUnchanged(request: FileRequest, validators: Validators): boolean {
  const tags = request.header('if-none-match');
  if (tags !== undefined) {
    const known = tags.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return known.includes('*') || known.includes(validators.ETag);
  }
  const since = Date.parse(request.header('if-modified-since') ?? '');
  return since >= Date.parse(validators['Last-Modified']);
}

/** One range; several at once, or one of another state of the file, are answered with the whole (RFC 9110 §14.2). */
function chooseRange(
  request: FileRequest,
  validators: Validators,
  size: number,
): Range | 'unsatisfiable' | undefined {
  const condition = request.header('if-range');
  if (condition !== undefined && !Object.values(validators).includes(condition)) return undefined;
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(request.header('range') ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const isSuffix = from === '';
  const first = isSuffix ? Math.max(0, size - Number(to)) : Number(from);
  const last = isSuffix || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (!isSuffix && to !== '' && Number(to) < first) return undefined;
  return first > last ? 'unsatisfiable' : { first, last };
}

/** Decoded and relative, or undefined for what no file of ours can be called. */
function safePath(urlPath: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(urlPath);
  } catch {
    return undefined;
  }
  if (/[\0\\]/.test(path)) return undefined;
  const hidden = path.split('/').some((part) => part.startsWith('.') && part !== WELL_KNOWN);
  return hidden ? undefined : path.replace(/^\/+/, '');
}
