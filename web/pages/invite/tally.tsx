import { CirclePlay, Eye, MoonStar } from 'lucide';
import { useEffect } from 'preact/hooks';
import type { TallyState } from '../../../src/api/guests.ts';
import { Icon } from '../../ui/icon.tsx';
import { broadcast } from './browser/studio.ts';
import { slot } from './guest.ts';

const LOOKS = {
  program: { icon: CirclePlay, words: 'On air', title: '● ON AIR' },
  preview: { icon: Eye, words: 'In preview', title: '◐ PREVIEW' },
  off: { icon: MoonStar, words: 'Not on air', title: '' },
} as const satisfies Readonly<Record<TallyState, object>>;

const TITLE = 'Your invite · Millrace';

/** Whether the producer has this picture on air: in words and a shape, as well as in colour, and in the tab's title. */
export function TallyLight() {
  const state = slot.value?.tally ?? 'off';
  const { icon, words } = LOOKS[state];
  const isLive = broadcast.mode.value === 'live' && broadcast.state.value.phase === 'live';
  useEffect(() => {
    const status = isLive ? 'Live · ' : '';
    const tally = LOOKS[state].title;
    document.title = `${tally === '' ? '' : `${tally} · `}${status}${TITLE}`;
  }, [state, isLive]);
  // Once the invite is over, nothing is on air any more.
  useEffect(
    () => () => {
      document.title = TITLE;
    },
    [],
  );
  return (
    <p class={`tally tally-${state}`} role="status">
      <Icon of={icon} />
      {words}
    </p>
  );
}
