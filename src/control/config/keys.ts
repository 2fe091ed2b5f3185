/**
 * Every key of the configuration, once: the parser, the defaults, the command line's overrides, config/example.yaml and
 * docs/reference/config.md all come from this table.
 */
import {
  address,
  addresses,
  bitrate,
  choice,
  flag,
  folder,
  type Key,
  optionalFolder,
  optionalHostname,
  optionalHostPort,
  port,
} from './kinds.ts';

/** Keys that belong together. */
export type Group<Keys> = { readonly says: string; readonly keys: Keys };
/** Names of the operator's choosing, each with the same keys; a key that is left out is taken from the defaults. */
export type Named<Keys> = {
  readonly says: string;
  readonly what: string;
  readonly example: string;
  readonly each: Keys;
};

// biome-ignore lint/suspicious/noExplicitAny: a table of keys of any value; each row's own type stays exact
export type AnyKey = Key<any>;
export type KeyTable = {
  readonly [name: string]: AnyKey | Group<KeyTable> | Named<Readonly<Record<string, AnyKey>>>;
};

/** IPv6 and, where the machine has it, IPv4 by the same socket. */
const EVERY_ADDRESS = '::';
const LISTEN =
  'The address to listen on; `::` is every IPv6 and IPv4 address (every IPv4 address where the machine has no IPv6).';

/** RFC 6716 §2.1.1: what Opus can do in stereo without being pointless. */
const OPUS_RANGE = { leastBps: 16_000, mostBps: 510_000 };
const TRANSPORTS = ['tcp', 'udp', 'udptcp'] as const;
const B_FRAMES = ['drop', 'pass', 'refuse'] as const;

const appKeys = {
  viewer_transport: choice(TRANSPORTS, {
    initial: 'tcp',
    says: 'How viewers get the media when their URL does not say (`?transport=`). TCP gets through most networks and loses nothing; UDP has the lower delay on a bad path.',
  }),
  publisher_transport: choice(TRANSPORTS, {
    initial: 'udptcp',
    says: 'What WHIP publishers are offered. OBS knows UDP only.',
  }),
  audio_coalescing: flag({
    initial: false,
    says: 'Whether sound waits up to 33 ms for the next frame of the picture, so that both leave in one write. It saves about a quarter of the CPU time per viewer over TCP, and costs half a frame of delay on the sound.',
  }),
  b_frames: choice(B_FRAMES, {
    initial: 'drop',
    says: 'What becomes of B-frames, which browsers cannot show in real time. `drop` leaves them out: fewer pictures, evenly shown. `pass` sends them, for players that are no browsers. `refuse` ends the publisher with a message that says which setting to change.',
  }),
};

export const keys = {
  http: {
    says: 'The pages, the player, WHIP, WHEP and OvenPlayer.',
    keys: {
      address: address({ initial: EVERY_ADDRESS, says: LISTEN }),
      port: port({
        initial: 3333,
        option: '--http-port',
        says: 'The TCP port of the pages, the player, WHIP, WHEP and OvenPlayer.',
      }),
    },
  },
  rtmp: {
    says: 'RTMP publishers.',
    keys: {
      enabled: flag({ initial: true, says: 'Whether RTMP is served at all.' }),
      address: address({ initial: EVERY_ADDRESS, says: LISTEN }),
      port: port({
        initial: 1935,
        option: '--rtmp-port',
        says: 'The TCP port that RTMP publishers connect to.',
      }),
    },
  },
  ice: {
    says: 'The ports that WebRTC media goes through. Browsers and WHIP publishers must reach them.',
    keys: {
      tcp: {
        says: 'Media over TCP.',
        keys: {
          address: address({ initial: EVERY_ADDRESS, says: LISTEN }),
          port: port({
            initial: 3478,
            option: '--ice-tcp-port',
            says: 'The TCP port that media over TCP goes through.',
          }),
        },
      },
      udp: {
        says: 'Media over UDP.',
        keys: {
          address: address({ initial: EVERY_ADDRESS, says: LISTEN }),
          port: port({
            initial: 10_000,
            option: '--ice-udp-port',
            says: 'The UDP port that media over UDP goes through.',
          }),
        },
      },
    },
  },
  domain: optionalHostname({
    initial: undefined,
    example: 'live.example.net',
    says: 'The name that people know this server by. It stands in the printed URLs, and the addresses it resolves to are given to browsers.',
  }),
  public_addresses: addresses({
    initial: [],
    example: '[203.0.113.7, "2001:db8::7"]',
    option: '--public-address',
    says: 'The addresses that browsers are told to send to. Empty: found from the network interfaces and from what `domain` resolves to. Behind NAT, give the address of the outside here.',
  }),
  stun_server: optionalHostPort({
    initial: undefined,
    example: 'stun.example.net:3478',
    says: 'Asked once at the start for the address that the outside sees (RFC 8489). No server is asked unless it is set.',
  }),
  static_dir: optionalFolder({
    initial: undefined,
    example: '/srv/www',
    option: '--static-dir',
    says: 'A folder of your own pages. A file in it comes before our page of the same URL.',
  }),
  state_dir: folder({
    initial: '.state',
    option: '--state-dir',
    says: 'Where Millrace keeps its database and the publish key. A relative path starts at the folder it is started in.',
  }),
  log_level: choice(['error', 'warn', 'info', 'debug'], {
    initial: 'info',
    says: 'How much is logged.',
  }),
  app_defaults: {
    says: 'What every app has unless `apps` says otherwise. An app is the first part of a stream name: `show` of `show/slot-1`.',
    keys: {
      ...appKeys,
      opus_bitrate: bitrate(OPUS_RANGE, {
        initial: 128_000,
        says: 'What AAC audio becomes for browsers, in every app alike. Opus from the publisher is passed on untouched.',
      }),
    },
  },
  apps: {
    says: 'The apps that there are, each with the transports that it wants otherwise. Without this key every app name is served; with it, only those listed.',
    what: 'app',
    example: 'show',
    each: appKeys,
  },
} as const satisfies KeyTable;
