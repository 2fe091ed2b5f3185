/** What the operator reads at the start: where to watch, where to publish, what to paste into OBS. */
import type { Secret } from '../access/secret.ts';
import type { FirstKey } from './store/publish-key.ts';

export type BannerFacts = {
  /** As configured, for where a proxy brings HTTPS. */
  readonly publicUrl: string | undefined;
  /** As others reach us; `localhost` where nobody else can. */
  readonly host: string;
  /** A further name by which the local network reaches us. */
  readonly networkHost: string | undefined;
  readonly httpPort: number;
  /** Undefined where there is no HTTPS by the name of the host. */
  readonly httpsPort: number | undefined;
  /** Undefined where RTMP is off. */
  readonly rtmpPort: number | undefined;
  /** Something is live under it already. */
  readonly demo: string | undefined;
  /** The app in the examples. */
  readonly app: string;
  readonly key: FirstKey;
  /** Apps that anybody can publish to; `*` for all that are not listed. */
  readonly openApps: readonly string[];
  /** Makes the first account, or the file that holds it; undefined where there is an owner. */
  readonly claimCode: Secret | { readonly file: string } | undefined;
};

/** A stream's name for the examples. */
const STREAM = 'stage';
const USUAL_HTTPS_PORT = 443;

export function writeBanner(facts: BannerFacts): string {
  const { host, rtmpPort, app } = facts;
  const key = facts.key.secret?.reveal() ?? 'KEY';
  const http = siteOf(facts);
  const whip = `${http}/${app}/${STREAM}/whip`;
  const rtmp = rtmpPort === undefined ? undefined : `rtmp://${bracketed(host)}:${rtmpPort}/${app}`;
  const lines = [
    `Watch        ${http}/${facts.demo ?? `${app}/${STREAM}`}`,
    ...(facts.networkHost === undefined || facts.publicUrl !== undefined
      ? []
      : [`             from this network: use ${bracketed(facts.networkHost)} for ${host}`]),
    `Publish      WHIP  ${whip}   Bearer Token ${key}`,
    ...(rtmp === undefined ? [] : [`             RTMP  ${rtmp}   Stream Key ${STREAM}?key=${key}`]),
    '',
    'OBS, Settings > Stream, one of the two:',
    `  WHIP       Service WHIP | Server ${whip} | Bearer Token ${key}`,
    ...(rtmp === undefined
      ? []
      : [`  RTMP       Service Custom... | Server ${rtmp} | Stream Key ${STREAM}?key=${key}`]),
    'OBS, Settings > Output, Output Mode Advanced:',
    '  Rate Control CBR | Keyframe Interval 1 s | B-frames 0 (x264 Options: bframes=0) | Tune zerolatency',
    '',
    `${STREAM} is a name of your choice; the key is a secret: who has it can publish.`,
    facts.key.secret === undefined
      ? `KEY: a stream key; the first one is in ${facts.key.file}`
      : `The key is kept in ${facts.key.file}, and not printed again.`,
    ...openWarning(facts.openApps),
    `What is live, and these fields to copy: ${http}/`,
    ...plainLines(facts),
    ...claimLines(http, facts.claimCode),
  ];
  return `${lines.join('\n')}\n\n`;
}

function siteOf({ publicUrl, host, httpPort, httpsPort }: BannerFacts): string {
  if (publicUrl !== undefined) return publicUrl;
  if (httpsPort === undefined) return `http://${bracketed(host)}:${httpPort}`;
  return httpsPort === USUAL_HTTPS_PORT ? `https://${host}` : `https://${host}:${httpsPort}`;
}

function plainLines({ publicUrl, host, httpPort, httpsPort }: BannerFacts): string[] {
  if (httpsPort === undefined || publicUrl !== undefined) return [];
  return [`The same without HTTPS, as until the certificate is there: http://${host}:${httpPort}/`];
}

/** Behind the #, where no server and no other site gets to see it. */
function claimLines(http: string, code: BannerFacts['claimCode']): string[] {
  if (code === undefined) return [];
  if ('file' in code) {
    return ['', `Owner        ${http}/setup makes your account, with the code in ${code.file}`];
  }
  return [
    '',
    `Owner        ${http}/setup#${code.reveal()}`,
    '             opens the page that makes your account and sets the server up: good once, and new at each start until then.',
  ];
}

function openWarning(apps: readonly string[]): string[] {
  if (apps.length === 0) return [];
  const which = apps.map((app) => (app === '*' ? 'every app that is not listed' : app)).join(', ');
  return ['', `WARNING: anybody can publish to ${which} (publishing: open). No key is asked for.`];
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
