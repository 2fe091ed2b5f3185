/** Events and the state of who is told of them, in words. */
import type { EventType } from '../../../../src/api/events.ts';
import type { TargetInfo } from '../../../../src/api/targets.ts';
import { counted } from '../../../parts/words.ts';

export const EVENT_WORDS: Readonly<Record<EventType, string>> = {
  'stream.live': 'A stream begins',
  'stream.ended': 'A stream has ended',
  'stream.replaced': 'Another publisher took a stream over',
  'publisher.finding': 'Something is wrong with what a publisher sends, or is mended',
  'viewers.changed': 'Viewers come and go',
  'tally.changed': 'A stream goes on air or off it (tally)',
  'invite.opened': 'A guest opens an invite',
  'invite.revoked': 'An invite is taken back',
  'key.refused': 'Somebody tried to publish without the right key',
  'limit.reached': 'Somebody was turned away at a limit',
  'allowance.used': 'Most or all of the month’s allowance has gone out',
  'certificate.trouble': 'The certificate cannot be renewed',
  'disk.low': 'The disk is nearly full',
  'target.failing': 'Somebody else could not be told',
  'target.test': 'A test',
};

export const KINDS = { discord: 'Discord', webhook: 'Webhook' } as const;

/** What is wrong, and what to do; undefined where nothing is. */
export function troubleOf({ state, problem, waiting, lost }: TargetInfo): string | undefined {
  if (state === 'ok') return lost > 0 ? `${sayLost(lost)} Since then all is well.` : undefined;
  const why = problem === null ? '' : ` The last answer: ${problem.replace(/\.?$/, '.')}`;
  if (state === 'stopped') {
    return `It said that there is nobody there any more, so nothing is sent.${why} Correct it there, then send a test: with its success all goes on.`;
  }
  const waits =
    waiting > 0
      ? ` ${counted(waiting, 'event')} ${waiting === 1 ? 'waits' : 'wait'} for it, and will be sent again.`
      : '';
  return `It does not take what is sent.${why}${waits}${lost > 0 ? ` ${sayLost(lost)}` : ''}`;
}

function sayLost(lost: number): string {
  return `${counted(lost, 'event was', 'events were')} given up since the server started.`;
}

const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /deleted|answers (404|410)/,
    'It is not there any more: make a new webhook there, and give its address here.',
  ],
  [
    /answers (401|403)/,
    'It does not know this server: make a new webhook there, and give its address here.',
  ],
  [/answers 429/, 'It has had too much at once: wait a minute, then send a test again.'],
  [/answers 5/, 'It is in trouble itself: send a test again later. Events wait for it meanwhile.'],
  [/answers 4/, 'It does not take what is sent: check the address.'],
  [
    /public internet/,
    'Such a target is written into the configuration, below “notify”: remove it here, and add it there.',
  ],
  [/resolve|connection/, 'Check the address, and that the program there runs.'],
];

/** The verdict of a test that failed, and what to do. */
export function sayFailure(message: string): string {
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.?$/, '.')}`;
  const advice = ADVICE.find(([pattern]) => pattern.test(message));
  return advice === undefined ? sentence : `${sentence} ${advice[1]}`;
}
