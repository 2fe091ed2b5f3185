import { appOf, parseStreamName } from '../../../src/base/names.ts';

/** What goes into an encoder's fields, and to the viewers. */
export type PublishAddresses = {
  readonly whipUrl: string;
  readonly rtmpUrl: string;
  /** The stream's part of its name, which RTMP puts into the key. */
  readonly rtmpStream: string;
  readonly watchUrl: string;
};

const RTMP_PORT_USUAL = 1935;

/** Undefined when `name` is no stream name. `pageUrl`: any page of the server. */
export function publishAddresses(
  name: string,
  pageUrl: string,
  rtmpPort: number | undefined,
): PublishAddresses | undefined {
  const stream = parseStreamName(name.trim());
  if (stream === undefined) return undefined;
  const { origin, hostname } = new URL(pageUrl);
  const app = appOf(stream);
  const port = rtmpPort === undefined || rtmpPort === RTMP_PORT_USUAL ? '' : `:${rtmpPort}`;
  return {
    whipUrl: `${origin}/${stream}/whip`,
    rtmpUrl: `rtmp://${hostname}${port}/${app}`,
    rtmpStream: stream.slice(app.length + 1),
    watchUrl: `${origin}/${stream}`,
  };
}
