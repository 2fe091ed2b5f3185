import type { TokenInfo } from '../../../../src/api/access.ts';

export type Scope = TokenInfo['scopes'][number];

/** What programs may be allowed, in words. */
export const SCOPES: Readonly<Record<Scope, string>> = {
  'streams.read': 'See who is live and who watches, and hear of events',
  'streams.write': 'Kick and ban',
  apps: 'Change apps and their streams',
  keys: 'Make and revoke stream keys',
  links: 'Make and revoke view links',
  people: 'Change accounts',
  tokens: 'Make and revoke API tokens',
  hooks: 'Change webhooks and Discord',
  metrics: 'Read metrics',
  backup: 'Take a backup of everything, secrets included',
};
