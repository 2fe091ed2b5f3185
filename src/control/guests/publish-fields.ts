/** What a guest types into OBS: its two fields, for one protocol. */
import type { IncomingMessage } from 'node:http';
import type { GuestProtocol } from '../../api/guests.ts';
import { appOf, type StreamName } from '../../base/names.ts';
import { hostOf, isSecure } from '../access/visitor.ts';

export type PublishFields = { readonly server: string; readonly key: string };

/** Where RTMP is without a port in the URL. */
const RTMP_PORT = 1935;

/** By what the browser calls us: it has just been reached that way. */
export function originOf(request: IncomingMessage): string {
  const forwarded = request.headers['x-forwarded-host'];
  const host = typeof forwarded === 'string' ? forwarded : hostOf(request);
  return `http${isSecure(request) ? 's' : ''}://${host ?? 'localhost'}`;
}

/** @param rtmpPort undefined where there is no RTMP @param secret of the key */
export function publishFields(
  protocol: GuestProtocol,
  stream: StreamName,
  {
    origin,
    rtmpPort,
    secret,
  }: { readonly origin: string; readonly rtmpPort: number | undefined; readonly secret: string },
): PublishFields | undefined {
  if (protocol === 'whip') return { server: `${origin}/${stream}/whip`, key: secret };
  const url = URL.parse(origin);
  if (rtmpPort === undefined || url === null) return undefined;
  const port = rtmpPort === RTMP_PORT ? '' : `:${rtmpPort}`;
  const name = stream.slice(stream.indexOf('/') + 1);
  return {
    server: `rtmp://${url.hostname}${port}/${appOf(stream)}`,
    key: `${name}?key=${secret}`,
  };
}
