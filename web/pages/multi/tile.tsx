/** One stream of several: plays while it is in view. */
import { Maximize2, Minimize2, Volume2, VolumeX } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { WatchInfo } from '../../../src/api/watch.ts';
import { titleOf } from '../../parts/watch/facts.ts';
import { withLink } from '../../parts/watch/player-page.ts';
import type { PlayerState } from '../../player/cards.ts';
import type { MillracePlayer } from '../../player/millrace-player.ts';
import { Icon } from '../../ui/icon.tsx';
import { focused, heard, toggleFocus, toggleSound } from './state.ts';
import { useInView } from './use-in-view.ts';

/** For who does not see the picture. */
const WORDS: Readonly<Partial<Record<PlayerState, string>>> = {
  live: 'is live',
  degraded: 'is live, with trouble on the way here',
  waiting: 'waits for its publisher',
  error: 'cannot be watched here',
  paused: 'is paused',
};

export function Tile({
  info,
  query,
  shortens,
}: {
  readonly info: WatchInfo;
  /** What goes along with the request for the media. */
  readonly query: string;
  /** The page says which app it is. */
  readonly shortens: boolean;
}) {
  const { stream, viewers } = info;
  const place = useRef<HTMLLIElement>(null);
  const [state, setState] = useState<PlayerState>('idle');
  const isHeard = heard.value.has(stream);
  const isFocused = focused.value === stream;
  const player = usePlayer(place, info, query, setState);
  const isWanted = useInView(place, isHeard);
  useEffect(() => {
    if (player.current === null) return;
    if (isWanted) player.current.play();
    else player.current.pause();
  }, [isWanted]);
  useEffect(() => {
    if (player.current !== null) player.current.muted = !isHeard;
  }, [isHeard]);
  const title = shortens && info.label.trim() === '' ? stream.replace(/^.*\//, '') : titleOf(info);
  return (
    <li class={isFocused ? 'tile tile-focused' : 'tile'} ref={place} data-stream={stream}>
      <button
        class="tile-picture"
        type="button"
        aria-pressed={isFocused}
        aria-label={`Look at ${title}`}
        onClick={() => {
          // A browser that wants a press before it plays has it now; who was refused asks again.
          if (state === 'paused' || state === 'error') player.current?.play();
          toggleFocus(stream);
        }}
      />
      <div class="tile-line">
        <span class="tile-label">
          <span class="tile-name">{title}</span>
          {viewers !== null && viewers > 0 && <span class="tile-count">{viewers} watching</span>}
          <span class="for-readers">{WORDS[state] ?? state}</span>
        </span>
        <span class="tile-spring" />
        <button
          class="tile-button tile-sound"
          type="button"
          aria-pressed={isHeard}
          aria-label={`Sound of ${title}`}
          title={isHeard ? 'Mute (m)' : 'Hear this one (m)'}
          onClick={() => toggleSound(stream)}
        >
          <Icon of={isHeard ? Volume2 : VolumeX} />
        </button>
        <button
          class="tile-button"
          type="button"
          aria-hidden="true"
          tabIndex={-1}
          title={isFocused ? 'Back to all (Escape)' : 'Make it large (Enter)'}
          onClick={() => toggleFocus(stream)}
        >
          <Icon of={isFocused ? Minimize2 : Maximize2} />
        </button>
      </div>
    </li>
  );
}

/** The player's element is made by hand: Preact knows nothing of its properties, and it must survive every rendering. */
function usePlayer(
  place: { readonly current: HTMLLIElement | null },
  { stream, snapshot, poster }: WatchInfo,
  query: string,
  tell: (state: PlayerState) => void,
) {
  const player = useRef<MillracePlayer | null>(null);
  useEffect(() => {
    const element = document.createElement('millrace-player');
    const picture = snapshot ?? poster;
    const attributes = {
      ...{ src: `/${stream}${query}`, controls: '0', hotkeys: '0', muted: '', autoplay: '0' },
      ...(picture !== null && { poster: withLink(picture) }),
    };
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    // What can be pressed is the tile's own.
    element.inert = true;
    element.addEventListener('statechange', () => tell(element.state));
    place.current?.prepend(element);
    player.current = element;
    return () => {
      player.current = null;
      element.remove();
    };
  }, [stream, query]);
  return player;
}
