/** How others reach the server: what is copied into an encoder, or sent to viewers. */
import type { ServerInfo } from '../api/server.ts';
import { SiteUrl } from '../control/site-url.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';

export type Addresses = {
  readonly url: string;
  /** Undefined where RTMP is off. */
  readonly rtmpUrl: string | undefined;
};

const RTMP_PORT_USUAL = 1935;

/** As the running server says; else as the configuration does. */
export async function addressesOf(context: Context, api: Connection): Promise<Addresses> {
  if (api.isLive) {
    const { url, ports } = await api.get<ServerInfo>('/server');
    return addressesAt(url, ports.rtmp);
  }
  const { publicUrl, domain, http, rtmp } = context.config;
  const site = new SiteUrl(publicUrl);
  site.found(domain ?? 'localhost', http.port);
  return addressesAt(site.origin, rtmp.enabled ? rtmp.port : null);
}

export function addressesAt(url: string, rtmpPort: number | null): Addresses {
  const port = rtmpPort === RTMP_PORT_USUAL ? '' : `:${rtmpPort}`;
  const rtmpUrl = rtmpPort === null ? undefined : `rtmp://${new URL(url).hostname}${port}`;
  return { url, rtmpUrl };
}

/** What goes into OBS, or any other encoder. An app's or a general key leaves the rest of the name to choose. */
export function sayWhereKeyGoes(
  { url, rtmpUrl }: Addresses,
  key: {
    readonly target: string;
    readonly protocols: readonly string[];
    readonly secret: string;
  },
): readonly string[] {
  const [app = '', stream = 'STREAM'] = (key.target === '*' ? 'APP' : key.target).split('/');
  const isFor = (protocol: string) =>
    key.protocols.length === 0 || key.protocols.includes(protocol);
  const whip = `OBS by WHIP: Server ${url}/${app}/${stream}/whip | Bearer Token ${key.secret}`;
  const rtmp = `OBS by RTMP: Server ${rtmpUrl}/${app} | Stream Key ${stream}?key=${key.secret}`;
  return [
    ...(isFor('whip') ? [whip] : []),
    ...(isFor('rtmp') && rtmpUrl !== undefined ? [rtmp] : []),
  ];
}

/** For a link to more than one stream, where it goes. */
export function sayLink(
  { url }: Addresses,
  target: string,
  made: { readonly token: string; readonly url: string | null },
): string {
  const [app = ''] = (target === '*' ? 'APP' : target).split('/');
  return made.url ?? `${url}/${app}/STREAM?link=${made.token}`;
}
