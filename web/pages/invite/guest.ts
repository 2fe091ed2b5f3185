/** Who the guest is and how his slots do, kept up to date while the page is open. */
import { computed, signal } from '@preact/signals';
import type { ServerEvent } from '../../../src/api/events.ts';
import type { GuestInfo, GuestSlot, TallyState } from '../../../src/api/guests.ts';
import { api } from '../../parts/api.ts';
import { LiveEvents } from '../../parts/live-events.ts';
import { type Entrance, enter, takeSecret } from './entrance.ts';

/** A server that restarts is not to be taken for one that has thrown us out. */
const LOOK_AGAIN_MS = 3_000;

let secret: string | undefined;

export const entrance = signal<Entrance>({ phase: 'opening' });
/** What happens at the server does not reach this page now. */
export const isCutOff = signal(false);
/** The slot that is chosen, by its stream. */
export const chosen = signal<string | undefined>(undefined);
/** The slot that is chosen, as it is now. */
export const slot = computed<GuestSlot | undefined>(() => {
  const { value } = entrance;
  if (value.phase !== 'in') return undefined;
  return value.guest.slots.find(({ stream }) => stream === chosen.value) ?? value.guest.slots[0];
});

const events = new LiveEvents<ServerEvent>('/api/guest/events', {
  event: hear,
  refresh: () => void refresh(),
  state: (state) => {
    if (state === 'open') isCutOff.value = false;
    if (state === 'lost') setTimeout(() => void lookAgain(), LOOK_AGAIN_MS);
  },
});

/** Comes in, or tries again. */
export async function start(): Promise<void> {
  secret ??= takeSecret(location, history);
  entrance.value = { phase: 'opening' };
  entrance.value = await enter(secret, api);
  if (entrance.value.phase === 'in') events.start();
}

/** Another link in the address of this very tab. */
export function startAnew(): void {
  const given = takeSecret(location, history);
  if (given === undefined) return;
  events.stop();
  secret = given;
  void start();
}

/** This browser forgets the invite. */
export async function leave(): Promise<void> {
  events.stop();
  secret = undefined;
  await api.post('/guest/leave');
  entrance.value = { phase: 'no-invite' };
}

/** The link itself, for another browser or address; undefined after a reload, when nobody knows it any more. */
export function linkBy(origin: string): string | undefined {
  return secret === undefined ? undefined : `${origin}/invite#${secret}`;
}

/** Asks again how things are. */
export async function refresh(): Promise<void> {
  if (entrance.value.phase !== 'in') return;
  const next = await enter(undefined, api);
  // What is away for a moment is shown where it matters: by the connection itself.
  if (next.phase === 'unreachable' || entrance.value.phase !== 'in') return;
  if (next.phase !== 'in') events.stop();
  entrance.value = next;
}

/** Events are lost now and then, as each ten minutes when the server has us ask anew: worth a word is what lasts. */
async function lookAgain(): Promise<void> {
  if (entrance.peek().phase !== 'in') return;
  const next = await enter(undefined, api);
  if (next.phase === 'unreachable') isCutOff.value = true;
  else await refresh();
}

function hear(event: ServerEvent): void {
  switch (event.type) {
    case 'invite.revoked':
      events.stop();
      entrance.value = { phase: 'over' };
      break;
    case 'tally.changed':
      light(event.data.stream, event.data.state);
      break;
    case 'stream.live':
    case 'stream.ended':
    case 'stream.replaced':
      void refresh();
      break;
    default:
      break; // findings are the doctor's
  }
}

function light(stream: string, tally: TallyState): void {
  const { value } = entrance;
  if (value.phase !== 'in') return;
  const slots = value.guest.slots.map((one) => (one.stream === stream ? { ...one, tally } : one));
  const guest: GuestInfo = { ...value.guest, slots };
  entrance.value = { phase: 'in', guest };
}
