/** Files that go to and fro: as large as they are, with how far they have come, and a way to stop them. */
import { type Answer, type Fetch, failureOf, UNREACHABLE } from './api.ts';

export type TransferOptions = {
  /** @param total undefined where nobody knows */
  readonly onProgress: (bytes: number, total: number | undefined) => void;
  readonly signal: AbortSignal;
};

export type Downloaded = { readonly blob: Blob; readonly fileName: string };

/** Asks for a file that is made for this question. Browsers keep what is large on the disk, not in memory. */
export async function download(
  path: string,
  body: object,
  { onProgress, signal }: TransferOptions,
  ask: Fetch = (url, init) => fetch(url, init),
): Promise<Answer<Downloaded>> {
  try {
    const response = await ask(`/api${path}`, {
      method: 'POST',
      signal,
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    });
    if (!response.ok) return await failureOf(response);
    const length = response.headers.get('content-length');
    const total = length === null ? undefined : Number(length);
    const counted = response.body?.pipeThrough(counter((bytes) => onProgress(bytes, total)));
    const type = response.headers.get('content-type') ?? '';
    const blob = await new Response(counted ?? null, { headers: { 'Content-Type': type } }).blob();
    return { ok: true, value: { blob, fileName: fileNameOf(response) } };
  } catch {
    return UNREACHABLE;
  }
}

/** As the server calls it: letters, digits and dashes. */
function fileNameOf(response: Response): string {
  const disposition = response.headers.get('content-disposition') ?? '';
  return /filename="([\w.-]+)"/.exec(disposition)?.[1] ?? 'download';
}

function counter(onBytes: (bytes: number) => void): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      onBytes(bytes);
      controller.enqueue(chunk);
    },
  });
}

/** How long a browser may need until it has taken hold of what it was told to save. */
const SAVING_MS = 60_000;

/** Has the browser save it, where it saves downloads. */
export function save({ blob, fileName }: Downloaded): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SAVING_MS);
}

/** Sends a file as it is. By the older way: fetch does not tell how much of a body has left. */
export function upload<Value>(
  path: string,
  file: Blob,
  contentType: string,
  { onProgress, signal }: TransferOptions,
): Promise<Answer<Value>> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const give = () => void answered<Value>(request).then(resolve);
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded, total);
    request.onload = give;
    request.onerror = give;
    request.onabort = () => resolve(UNREACHABLE);
    signal.addEventListener('abort', () => request.abort());
    request.open('PUT', `/api${path}`);
    request.setRequestHeader('Content-Type', contentType);
    request.send(file);
  });
}

async function answered<Value>({ status, responseText }: XMLHttpRequest): Promise<Answer<Value>> {
  // What is not one that can be: nothing came, or something else than HTTP.
  if (status < 200 || status > 599) return UNREACHABLE;
  const response = new Response(responseText || null, { status });
  if (!response.ok) return failureOf(response);
  return { ok: true, value: (await response.json()) as Value };
}
