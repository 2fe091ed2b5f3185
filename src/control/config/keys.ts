/**
 * Every key of the configuration, once: the parser, the defaults, the command line's overrides, config/example.yaml and
 * docs/reference/config.md all come from this table.
 */
import { EVENT_TYPES } from '../../api/events.ts';
import { targetKinds } from '../../api/targets.ts';
import { GUESTS } from '../front-door/guests.ts';
import { choices, count } from './access-kinds.ts';
import { appKeys } from './app-keys.ts';
import {
  address,
  addresses,
  bitrate,
  byteCount,
  choice,
  flag,
  folder,
  type Key,
  optionalFolder,
  optionalHostname,
  optionalHostPort,
  optionalPort,
  port,
  ranges,
} from './kinds.ts';
import {
  optionalOrigin,
  optionalSecretUrl,
  optionalWebhookSecret,
  seconds,
  streamTargets,
} from './notify-kinds.ts';
import { siteParts } from './site-kinds.ts';
import {
  directoryUrl,
  hostnames,
  optionalEmail,
  optionalFile,
  optionalMacKey,
  optionalWord,
  portOrOff,
} from './tls-kinds.ts';

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

const COUNT_MAX = 1_000_000;
/** 100 Gbit/s. */
const EGRESS_RANGE = { leastBps: 0, mostBps: 100_000_000_000 };

/** Below, a stream would end between two keyframes; above, its end is no news. */
const ENDED_AFTER_RANGE = { leastS: 1, mostS: 3600 };
/** Two years: what browsers' preload lists ask for. */
const HSTS_RANGE = { leastS: 0, mostS: 63_072_000 };

const tlsKeys = {
  mode: choice(['auto', 'files', 'off'], {
    initial: 'auto',
    says: 'Where the certificate comes from: `auto`, obtained and renewed by ACME where `domain` is set; `files`, from `certificate` and `key`; `off`, nowhere: there is no HTTPS, or a proxy brings it.',
  }),
  names: hostnames({
    initial: [],
    example: '[www.example.net]',
    says: 'Further names beside `domain` that the certificate is to be good for. Each must resolve to this server.',
  }),
  address: address({ initial: EVERY_ADDRESS, says: LISTEN }),
  https_port: port({
    initial: 443,
    option: '--https-port',
    says: 'The TCP port of HTTPS. Certificate authorities look at 443.',
  }),
  http_port: portOrOff({
    initial: 80,
    says: 'The TCP port that shows certificate authorities that the name is ours, and sends everybody else to HTTPS. They look at 80.',
  }),
  ovenplayer_port: portOrOff({
    initial: 3334,
    says: "A second TCP port of HTTPS: where OvenMediaEngine has its own, so that OvenPlayer's `wss://…:3334` URLs stay as they are.",
  }),
  hsts: seconds(HSTS_RANGE, {
    initial: 0,
    says: 'For how long browsers are to refuse plain HTTP for this host (RFC 6797), such as 31536000 for a year. 0 does not ask them to. They keep to it even when you change your mind.',
  }),
  certificate: optionalFile({
    initial: undefined,
    example: '/etc/ssl/live.example.net/fullchain.pem',
    says: 'For `mode: files`: the certificate with the whole chain, in PEM. It is read again when it changes.',
  }),
  key: optionalFile({
    initial: undefined,
    example: '/etc/ssl/live.example.net/privkey.pem',
    says: 'For `mode: files`: its private key, in PEM, without a password.',
  }),
  directory: directoryUrl({
    initial: 'https://acme-v02.api.letsencrypt.org/directory',
    says: "The certificate authority: the URL of its ACME directory. Let's Encrypt's, whose terms you agree to by setting `domain`.",
  }),
  email: optionalEmail({
    initial: undefined,
    example: 'you@example.net',
    says: 'Where the authority can write to you. Most need none.',
  }),
  profile: optionalWord({
    initial: undefined,
    example: 'shortlived',
    says: 'Which of its kinds of certificates the authority is asked for, where it has several.',
  }),
  external_account_id: optionalWord({
    initial: undefined,
    example: 'kid-1',
    says: 'The key identifier of your account at an authority that wants one (external account binding, RFC 8555 §7.3.4).',
  }),
  external_account_key: optionalMacKey({
    initial: undefined,
    example: '"zWND…"',
    says: 'The HMAC key that belongs to `external_account_id`.',
  }),
};

const notifyKeys = {
  url: optionalSecretUrl({
    initial: undefined,
    example: '"https://discord.com/api/webhooks/NUMBER/TOKEN"',
    says: 'Where to: the webhook URL that Discord gives (in the channel: Edit Channel, Integrations, Webhooks), or your own program. It is a secret.',
  }),
  kind: choice(targetKinds, {
    initial: 'discord',
    says: 'What is there: `discord` gets messages that people read; `webhook` gets JSON that is signed by Standard Webhooks.',
  }),
  secret: optionalWebhookSecret({
    initial: undefined,
    example: '"whsec_…"',
    says: 'What a `webhook` verifies our signatures with. Make one with `echo "whsec_$(openssl rand -base64 32)"`.',
  }),
  events: choices(EVENT_TYPES, {
    initial: [],
    says: 'What it is told of. Empty: a `discord` of `stream.live` and `stream.ended`, a `webhook` of everything but `viewers.changed` and `tally.changed`.',
  }),
  streams: streamTargets({
    initial: [],
    example: '[show, talk/stage]',
    says: 'Apps and streams that it is told of. Empty: all.',
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
  one_port: {
    says: 'Everything through one port, besides the ports above: for networks that let nothing else through.',
    keys: {
      mode: choice(['auto', 'always', 'off'], {
        initial: 'auto',
        says: 'Whether it is opened: `auto`, where there is HTTPS; `always`, also without, and pages come by plain HTTP then; `off`, never.',
      }),
      address: address({
        initial: EVERY_ADDRESS,
        says: `${LISTEN} Where the port is that of HTTPS, \`tls.address\` counts.`,
      }),
      port: optionalPort({
        initial: undefined,
        example: '8443',
        says: 'Its number, for TCP and UDP. Not set: that of `tls.https_port`, which is 443. Another one is opened beside it.',
      }),
      protocols: choices(GUESTS, {
        initial: GUESTS,
        says: 'What is let in there besides HTTPS with the pages, the player, WHIP, WHEP and OvenPlayer: encoders by `rtmps` and by `rtmp`, which is not encrypted; media by `ice-tcp` and `ice-udp`.',
      }),
    },
  },
  domain: optionalHostname({
    initial: undefined,
    example: 'live.example.net',
    option: '--domain',
    says: 'The name that people know this server by. A certificate for HTTPS is obtained for it (see `tls`), it stands in the printed URLs, and the addresses it resolves to are given to browsers.',
  }),
  tls: {
    says: 'HTTPS, with a certificate that is obtained by itself or with your own files.',
    keys: tlsKeys,
  },
  public_url: optionalOrigin({
    initial: undefined,
    example: 'https://live.example.net',
    says: 'How links in notifications call this server. Set it where a proxy brings HTTPS; otherwise it is made of `domain`, or the address, and the port.',
  }),
  trusted_proxies: ranges({
    initial: ['127.0.0.0/8', '::1'],
    example: '[127.0.0.1, 10.0.0.0/24]',
    says: 'Reverse proxies before this server: their X-Forwarded-For tells where a request came from, which limits, bans and the log go by. Nobody else is taken at his word. Empty: nobody is.',
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
  static_auth: siteParts({
    initial: [],
    example: '["/studio/ ann $argon2id$v=19$m=19456,t=2,p=1$…"]',
    says: 'Who may see which part of `static_dir`, where it is not for everybody: a path, a user, and the hash that `millrace hash-password` prints. A path counts for all below it; several users are several entries.',
  }),
  state_dir: folder({
    initial: '.state',
    option: '--state-dir',
    says: 'Where Millrace keeps its database and, in the file `publish-key`, the first stream key. A relative path starts at the folder it is started in.',
  }),
  log_level: choice(['error', 'warn', 'info', 'debug'], {
    initial: 'info',
    says: 'How much is logged.',
  }),
  limits: {
    says: 'How much there may be at once. Who is in stays in: it is newcomers who are told to wait. 0 lifts a limit; this machine is not counted as an address, since a proxy on it brings everybody.',
    keys: {
      attempts_per_minute: count(COUNT_MAX, {
        initial: 600,
        says: 'Requests to publish or to watch from one address (of IPv6 a /64); three times as many at once.',
      }),
      wrong_keys_per_minute: count(COUNT_MAX, {
        initial: 20,
        says: 'Wrong keys and links from one address before it is told to wait, and passwords that are tried for `static_auth`.',
      }),
      publishers_per_address: count(COUNT_MAX, {
        initial: 32,
        says: 'Streams published from one address.',
      }),
      publishers_per_key: count(COUNT_MAX, {
        initial: 0,
        says: 'Streams published with one key.',
      }),
      viewers_per_address: count(COUNT_MAX, {
        initial: 512,
        says: 'Viewers at one address: a school, an office.',
      }),
      viewers: count(COUNT_MAX, {
        initial: 0,
        says: 'Viewers of all streams together. Those of one address who have asked and are not connected yet have a quarter of the places, and eight at least.',
      }),
      egress: bitrate(EGRESS_RANGE, {
        initial: 0,
        says: 'Bits a second to all viewers together, such as `700M` on a line of 1 Gbit/s. No further viewer is let in above it.',
      }),
      egress_per_month: byteCount({
        initial: 0,
        says: 'Bytes to all viewers in a month that the line or the contract allows, such as `20T`. Nobody is turned away for it: the dashboard shows how much of it is used, and the event `allowance.used` tells when 80 % and when all of it has gone out.',
      }),
    },
  },
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
    says: 'The apps that there are, each with what it wants otherwise. Without this key every app name is served; with it, only those listed here and those made by the API.',
    what: 'app',
    example: 'show',
    each: appKeys,
  },
  events: {
    says: 'What is told to people and programs.',
    keys: {
      ended_after: seconds(ENDED_AFTER_RANGE, {
        initial: 10,
        says: 'How long a stream may be gone before it counts as ended. An encoder that is back sooner goes on with the same live period, and nobody is told.',
      }),
    },
  },
  notify: {
    says: 'Who is told when a stream goes live or ends, and of trouble: channels of Discord, and webhooks of your own programs.',
    what: 'target',
    example: 'crew',
    each: notifyKeys,
  },
} as const satisfies KeyTable;
