/** Kinds of configuration values that say who is told of what. */
import { Secret } from '../../access/secret.ts';
import { parseTarget, type Target } from '../../access/target.ts';
import { parseWebhookSecret } from '../notify/standard-webhook.ts';
import { type About, type Key, key } from './kinds.ts';

/** A URL that lets who knows it write there, or nothing. */
export function optionalSecretUrl(about: About<Secret | undefined>): Key<Secret | undefined> {
  return key<Secret | undefined>(about, {
    kind: 'URL',
    isSecret: true,
    read: (value) => {
      if (value === null) return undefined;
      const url = typeof value === 'string' ? URL.parse(value) : null;
      return url?.protocol === 'https:' || url?.protocol === 'http:'
        ? new Secret(String(value), 'webhook URL')
        : { mustBe: 'a URL that begins with https:// or http://' };
    },
    write: () => undefined,
  });
}

/** What webhooks are signed with, or nothing. */
export function optionalWebhookSecret(about: About<Secret | undefined>): Key<Secret | undefined> {
  return key<Secret | undefined>(about, {
    kind: '`whsec_` and base64',
    isSecret: true,
    read: (value) => {
      if (value === null) return undefined;
      const secret = typeof value === 'string' ? parseWebhookSecret(value) : undefined;
      return (
        secret ?? {
          mustBe:
            'whsec_ and base64 of 24 to 64 bytes, as of: echo "whsec_$(openssl rand -base64 32)"',
        }
      );
    },
    write: () => undefined,
  });
}

/** Apps and streams. */
export function streamTargets(about: About<readonly Target[]>): Key<readonly Target[]> {
  return key<readonly Target[]>(about, {
    kind: 'list of apps and streams',
    read: (value) => {
      const read = Array.isArray(value)
        ? value.map((item) => (typeof item === 'string' ? parseTarget(item) : undefined))
        : [undefined];
      return read.every((item) => item !== undefined)
        ? read
        : { mustBe: 'a list of apps and streams, such as [show, talk/stage]' };
    },
    write: (value) => `[${value.join(', ')}]`,
  });
}

/** A time in whole seconds. */
export function seconds(
  range: { readonly leastS: number; readonly mostS: number },
  about: About<number>,
): Key<number> {
  const { leastS, mostS } = range;
  return key<number>(about, {
    kind: 'seconds',
    read: (value) =>
      Number.isSafeInteger(value) && Number(value) >= leastS && Number(value) <= mostS
        ? Number(value)
        : { mustBe: `whole seconds, from ${leastS} to ${mostS}` },
    write: String,
  });
}

/** Where people find the server, without a path, or nothing. */
export function optionalOrigin(about: About<string | undefined>): Key<string | undefined> {
  return key<string | undefined>(about, {
    kind: 'URL',
    read: (value) => {
      if (value === null) return undefined;
      const url = typeof value === 'string' ? URL.parse(value) : null;
      const isOrigin =
        url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
      return isOrigin
        ? url.origin
        : { mustBe: 'a URL without a path, such as https://live.example.net' };
    },
    write: (value) => (value === undefined ? undefined : JSON.stringify(value)),
  });
}
