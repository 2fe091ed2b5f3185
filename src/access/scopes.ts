/** Who may do what beyond watching and publishing: parts of the API, by the words that tokens are made with. */

export const scopes = [
  'streams.read', // who is live, who watches, events
  'streams.write', // kick, ban
  'apps', // apps, their settings, and declared streams
  'keys',
  'links',
  'people',
  'tokens',
  'hooks', // webhooks and Discord
  'metrics',
  'backup', // the whole state, secrets included
] as const;

export type Scope = (typeof scopes)[number];

export const roles = ['owner', 'producer', 'guest', 'viewer'] as const;

/** What a person is here. */
export type Role = (typeof roles)[number];

const PRODUCER: readonly Scope[] = ['streams.read', 'streams.write', 'keys', 'links'];

/** What each role may do in the API. Guests and viewers watch what members may watch. */
export const scopesOf: Readonly<Record<Role, readonly Scope[]>> = {
  owner: scopes,
  producer: PRODUCER,
  guest: [],
  viewer: [],
};

/** What a program on the server's own machine may without any credential: look. */
export const LOCAL_SCOPES: readonly Scope[] = ['streams.read', 'metrics'];

export function isScope(word: string): word is Scope {
  return (scopes as readonly string[]).includes(word);
}

export function isRole(word: string): word is Role {
  return (roles as readonly string[]).includes(word);
}
