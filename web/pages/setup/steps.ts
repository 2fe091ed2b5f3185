/** The first-run page's way, as far as it is plain thinking: codes, commands, what is tried. */
import type { SetupInfo } from '../../../src/api/setup.ts';

export const STEPS = ['Your account', 'First stream', 'The way here', 'Go live'] as const;

/** The code behind the # of the address, as the terminal prints it; empty where there is none. */
export function codeIn(hash: string): string {
  const text = hash.slice(1);
  return new URLSearchParams(text).get('claim') ?? (/^[\w-]+$/.test(text) ? text : '');
}

/** What is left to do in a terminal, for a domain that the configuration does not have. */
export type Remainder =
  /** Commands, and what to do about the restart where there is no command for it. */
  | { readonly kind: 'commands'; readonly commands: readonly string[]; readonly byHand: boolean }
  /** The command replaces no domain: a file is to be changed by hand. */
  | { readonly kind: 'file'; readonly file: string; readonly from: string; readonly to: string };

/** Undefined where nothing is. */
export function remainderOf(
  domain: string | undefined,
  { domain: configured, configFile, commands }: SetupInfo,
): Remainder | undefined {
  if (domain === undefined || domain === configured) return undefined;
  if (configured !== null) {
    const file = configFile ?? 'the configuration';
    return { kind: 'file', file, from: `domain: ${configured}`, to: `domain: ${domain}` };
  }
  const { folder, setup, restart } = commands;
  return {
    kind: 'commands',
    commands: [
      ...(folder === null ? [] : [`cd ${folder}`]),
      `${setup} --domain ${domain} --yes`,
      ...(restart === null ? [] : [restart]),
    ],
    byHand: restart === null,
  };
}

/** What people paste is more than a name: `https://live.example.net/`. Undefined for nothing at all. */
export function typedDomain(text: string): string | undefined {
  const host = text
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/$/, '')
    .toLowerCase();
  return host === '' ? undefined : host;
}

/** What came of a try to get media from the server. */
export type Way = 'answers' | 'silent' | 'not-tried';

/** In words, with what to do: `port` is where the server has it. */
export function sayWay(way: Way, transport: 'tcp' | 'udp', port: number): string {
  const name = `${transport.toUpperCase()} ${port}`;
  if (way === 'answers') return `Media over ${name} gets through to this browser.`;
  if (way === 'not-tried') return `Media over ${name} could not be tried.`;
  return transport === 'tcp'
    ? `Media over ${name} does not get through to this browser: open the port in the firewall, or forward it in the router. Viewers need it.`
    : `Media over ${name} does not get through to this browser: open the port in the firewall, or forward it in the router. OBS needs it for WHIP; RTMP works without.`;
}
