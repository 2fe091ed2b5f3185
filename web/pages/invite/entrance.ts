/** How a guest comes in: by the secret of the link once, by the cookie from then on. */
import type { GuestInfo } from '../../../src/api/guests.ts';
import type { Answer, Failure } from '../../parts/api.ts';

export type Entrance =
  | { readonly phase: 'opening' }
  | { readonly phase: 'in'; readonly guest: GuestInfo }
  /** Neither a link nor a cookie of one. */
  | { readonly phase: 'no-invite' }
  /** Expired or revoked. */
  | { readonly phase: 'over' }
  /** Worth another try; `message` says what is wrong. */
  | { readonly phase: 'unreachable'; readonly message: string };

/** The part of the API that is needed. */
export type EntranceApi = {
  get<Value>(path: string): Promise<Answer<Value>>;
  post(path: string, body: object): Promise<Answer<undefined>>;
};

/** Takes the secret off the address: it is in no history, no bookmark and no screenshot. */
export function takeSecret(
  { hash, pathname }: Pick<Location, 'hash' | 'pathname'>,
  history: Pick<History, 'replaceState'>,
): string | undefined {
  const secret = hash.slice(1);
  if (secret === '') return undefined;
  history.replaceState(null, '', pathname);
  return secret;
}

/** @param secret of the link; undefined where this browser may have been here before */
export async function enter(secret: string | undefined, api: EntranceApi): Promise<Entrance> {
  if (secret !== undefined) {
    const opened = await api.post('/guest/open', { secret });
    if (!opened.ok) return failed(opened);
  }
  const guest = await api.get<GuestInfo>('/guest');
  return guest.ok ? { phase: 'in', guest: guest.value } : failed(guest);
}

function failed({ reason, message }: Failure): Entrance {
  if (reason === 'invite-over' || reason === 'bad-request') return { phase: 'over' };
  return reason === 'invite-needed' ? { phase: 'no-invite' } : { phase: 'unreachable', message };
}
