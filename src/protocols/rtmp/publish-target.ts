/** Where an encoder wants to publish, and with which credential, taken out of the places that it may stand in. */

/** What an encoder wants to publish, and with which key. */
export type PublishTarget = {
  /** App and stream joined by slashes, not checked. */
  readonly path: string;
  /** Secret: to be compared, never to be logged. */
  readonly credential: string | undefined;
  /** Secret: the whole of it as one URL, as admission webhooks are told it. */
  readonly url: string;
};

/** What Flash Media Server calls an app's only instance; encoders with old presets write it into the URL. */
const DEFAULT_INSTANCE = '_definst_';
/** Encoders put the URL's last part here; no name that we serve is a tenth as long. */
const TEXT_LENGTH_MAX = 2048;

/**
 * OBS has a server URL and a stream key, ffmpeg one URL; both send the URL's path as `app` and the key as the stream
 * name. The credential is the query parameter `key` (or `password`) of either, as in `slot-1?key=…`; the stream name's comes first.
 * A URL that names the stream as the app's instance, `rtmp://host/show/slot-1`, leaves the key alone as the stream key.
 */
export function readPublishTarget(
  app: string,
  tcUrl: string | undefined,
  streamKey: string,
): PublishTarget {
  const [appPath, appQuery] = splitQuery(app);
  const [streamPath, streamQuery] = splitQuery(streamKey);
  const [, urlQuery] = splitQuery(tcUrl ?? '');
  const appParts = partsOf(appPath).filter((part) => part !== DEFAULT_INSTANCE);
  const streamParts = partsOf(streamPath);
  const credential = keyIn(streamQuery) ?? keyIn(appQuery) ?? keyIn(urlQuery);
  const url = wholeUrl(tcUrl ?? `rtmp://localhost/${app}`, streamPath, streamQuery);
  if (credential === undefined && appParts.length === 2 && streamParts.length === 1) {
    return { path: appParts.join('/'), credential: streamParts[0], url };
  }
  return { path: [...appParts, ...streamParts].join('/'), credential, url };
}

/** The stream key's parameters go to the end of the URL's. */
function wholeUrl(tcUrl: string, streamPath: string, streamQuery: string): string {
  const [base, urlQuery] = splitQuery(tcUrl);
  const query = [urlQuery, streamQuery].filter((part) => part !== '').join('&');
  return `${base.replace(/\/+$/, '')}/${streamPath}${query === '' ? '' : `?${query}`}`;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function splitQuery(text: string): readonly [path: string, query: string] {
  const bounded = text.slice(0, TEXT_LENGTH_MAX);
  const at = bounded.indexOf('?');
  return at < 0 ? [bounded, ''] : [bounded.slice(0, at), bounded.slice(at + 1)];
}

function keyIn(query: string): string | undefined {
  const parameters = new URLSearchParams(query);
  return parameters.get('key') ?? parameters.get('password') ?? undefined;
}
