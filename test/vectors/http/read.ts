import { readFileSync } from 'node:fs';

/** One recorded HTTP request; see README.md. */
export type RecordedRequest = {
  readonly method: string;
  /** Lines as they came, names in the client's own case. */
  readonly headers: readonly string[];
  readonly body: string;
};

export function readRequest(name: string): RecordedRequest {
  const [head = '', body = ''] = readFileSync(new URL(name, import.meta.url), 'latin1').split(
    /\r\n\r\n(.*)/s,
  );
  const [line = '', ...headers] = head.split('\r\n');
  return { method: line.split(' ', 1)[0] ?? '', headers, body };
}

/** What must be another than in the recording for the server of a test to know it. */
export type Target = { readonly path: string; readonly key: string; readonly etag?: string };

/** The request as it came, but to `target`. An If-Match of `*` stays what it is. */
export function retarget({ method, headers, body }: RecordedRequest, target: Target): string {
  const lines = headers.map((line) =>
    line
      .replace(/^Host: .*/, 'Host: 127.0.0.1')
      .replace(/^Authorization: Bearer .*/, `Authorization: Bearer ${target.key}`)
      .replace(/^If-Match: ".*"/, `If-Match: ${target.etag}`),
  );
  return `${[`${method} ${target.path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n${body}`;
}
