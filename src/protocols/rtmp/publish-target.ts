/** Where an encoder wants to publish, and with which credential, taken out of the places that it may stand in. */

/** What an encoder wants to publish, and with which key. */
export type PublishTarget = {
  /** App and stream joined by slashes, not checked. */
  readonly path: string;
  /** Secret: to be compared, never to be logged. */
  readonly credential: string | undefined;
};

/** Encoders put the URL's last part here; no name that we serve is a tenth as long. */
const TEXT_LENGTH_MAX = 2048;

/**
 * OBS has a server URL and a stream key, ffmpeg one URL; both send the URL's path as `app` and the key as the stream
 * name. The credential is the query parameter `key` of either, as in `slot-1?key=…`; the stream name's comes first.
 */
export function readPublishTarget(
  app: string,
  tcUrl: string | undefined,
  streamKey: string,
): PublishTarget {
  const [appPath, appQuery] = splitQuery(app);
  const [streamPath, streamQuery] = splitQuery(streamKey);
  const [, urlQuery] = splitQuery(tcUrl ?? '');
  return {
    path: [...appPath.split('/'), ...streamPath.split('/')].filter((part) => part !== '').join('/'),
    credential: keyIn(streamQuery) ?? keyIn(appQuery) ?? keyIn(urlQuery),
  };
}

function splitQuery(text: string): readonly [path: string, query: string] {
  const bounded = text.slice(0, TEXT_LENGTH_MAX);
  const at = bounded.indexOf('?');
  return at < 0 ? [bounded, ''] : [bounded.slice(0, at), bounded.slice(at + 1)];
}

function keyIn(query: string): string | undefined {
  return new URLSearchParams(query).get('key') ?? undefined;
}
