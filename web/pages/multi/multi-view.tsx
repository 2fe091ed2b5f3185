/** All tiles, and the line above them. */
import { Expand, LayoutGrid, LogIn, RadioTower, Shrink } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { GridFacts } from '../../../src/api/watch.ts';
import { bestGrid, type Room, spotlight } from '../../parts/watch/grid.ts';
import { Icon } from '../../ui/icon.tsx';
import { type GridCommand, gridCommandOf } from './keys.ts';
import {
  focused,
  mixes,
  setMixes,
  stage,
  tiles,
  toggleFocus,
  toggleSound,
  unreachable,
} from './state.ts';
import { Tile } from './tile.tsx';

const GAP = 8;

export function MultiView({
  app,
  isOpen,
  query,
}: Pick<GridFacts, 'app' | 'isOpen'> & { readonly query: string }) {
  const grid = useRef<HTMLUListElement>(null);
  const room = useRoom(grid);
  const [isFull, toggleFull] = useFullScreen();
  const count = tiles.value.length;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const command = gridCommandOf(event);
      if (command === undefined || !obey(command, grid.current, toggleFull)) return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      <header class="line">
        <h1>{app ?? 'Several streams'}</h1>
        <p class={unreachable.value ? 'count trouble' : 'count'} role="status" aria-live="polite">
          {unreachable.value ? 'The server does not answer. Trying again.' : summary(app, count)}
        </p>
        <span class="spring" />
        <label class="mix" hidden={count < 2}>
          <input
            type="checkbox"
            checked={mixes.value}
            onChange={(event) => setMixes(event.currentTarget.checked)}
          />
          <span>Several sounds</span>
        </label>
        {stage.value !== undefined && (
          <button
            class="line-button"
            type="button"
            title="All (Escape)"
            onClick={() => toggleFocus(stage.value ?? '')}
          >
            <Icon of={LayoutGrid} />
            <span>All</span>
          </button>
        )}
        {document.fullscreenEnabled && (
          <button
            class="line-button"
            type="button"
            title="Full screen (f)"
            aria-label={isFull ? 'Leave full screen' : 'Full screen'}
            onClick={toggleFull}
          >
            <Icon of={isFull ? Shrink : Expand} />
          </button>
        )}
      </header>
      <main class="room">
        {count === 0 && <Nothing app={app} isOpen={isOpen} />}
        <ul class={classOf(room, count)} ref={grid} style={styleOf(room, count)}>
          {tiles.value.map((info) => (
            <Tile key={info.stream} info={info} query={query} shortens={app !== undefined} />
          ))}
        </ul>
      </main>
    </>
  );
}

function summary(app: string | undefined, count: number): string {
  if (app === undefined || count === 0) return '';
  return `${count} live`;
}

/** What will come of it, and what to do where nothing does. */
function Nothing({ app, isOpen }: Pick<GridFacts, 'app' | 'isOpen'>) {
  if (app === undefined) {
    return (
      <Empty title="No streams are named">
        <p>Name them in the address: /multi?stream=show/slot-1&stream=show/slot-2</p>
      </Empty>
    );
  }
  if (isOpen) {
    return (
      <Empty title="Nothing is live here right now">
        <p>This page fills by itself: each stream shows up as soon as it begins. Leave it open.</p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing to watch here right now">
      <p>
        What you may watch shows up by itself as soon as it begins. Did you expect something? Check
        the address, open the link that you were sent, or sign in.
      </p>
      <a class="button" href={`/login?next=/${app}`}>
        <Icon of={LogIn} size={18} />
        Sign in
      </a>
    </Empty>
  );
}

function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="nothing">
      <Icon of={RadioTower} size={40} />
      <p class="nothing-title">{title}</p>
      {children}
    </div>
  );
}

function classOf(room: Room, count: number): string {
  if (stage.value === undefined || count < 2) return 'tiles';
  return `tiles tiles-spotlight tiles-${spotlight(count, room, GAP).strip}`;
}

/** As custom properties, which the style sheet puts to use. */
function styleOf(room: Room, count: number): Record<string, string> {
  if (stage.value !== undefined && count > 1) {
    const { width, stage: large } = spotlight(count, room, GAP);
    return {
      '--tile': `${width}px`,
      '--stage': `${large.width}px`,
      '--stage-height': `${large.height}px`,
    };
  }
  const { columns, width } = bestGrid(Math.max(count, 1), room, GAP);
  return { '--tile': `${width}px`, '--columns': `${columns}` };
}

/** How much room the tiles have, now and whenever that changes. */
function useRoom(grid: { readonly current: HTMLElement | null }): Room {
  const [room, setRoom] = useState<Room>({ width: 1, height: 1 });
  useEffect(() => {
    const place = grid.current?.parentElement;
    if (!place) return;
    const observer = new ResizeObserver(() => {
      const { paddingLeft, paddingTop } = getComputedStyle(place);
      setRoom({
        width: place.clientWidth - 2 * Number.parseFloat(paddingLeft),
        height: place.clientHeight - 2 * Number.parseFloat(paddingTop),
      });
    });
    observer.observe(place);
    return () => observer.disconnect();
  }, []);
  return room;
}

function useFullScreen(): readonly [boolean, () => void] {
  const [isFull, setFull] = useState(false);
  useEffect(() => {
    const look = () => setFull(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', look);
    return () => document.removeEventListener('fullscreenchange', look);
  }, []);
  const toggle = () => {
    const done = document.fullscreenElement
      ? document.exitFullscreen()
      : document.documentElement.requestFullscreen();
    // A refusal leaves things as they are, which everybody sees.
    void done.catch(() => undefined);
  };
  return [isFull, toggle];
}

/** @returns whether the key was for us */
function obey(command: GridCommand, grid: HTMLElement | null, toggleFull: () => void): boolean {
  const pictures = [...(grid?.querySelectorAll<HTMLElement>('.tile-picture') ?? [])];
  const current = document.activeElement?.closest<HTMLElement>('.tile');
  const at = pictures.findIndex((picture) => current?.contains(picture));
  switch (command.does) {
    case 'focus': {
      const stream = tiles.value[command.index]?.stream;
      if (stream !== undefined) toggleFocus(stream);
      return stream !== undefined;
    }
    case 'move': {
      const columns = command.by === 'one' ? 1 : columnsOf(pictures);
      const next = at < 0 ? pictures[0] : pictures[at + command.direction * columns];
      next?.focus();
      return next !== undefined;
    }
    case 'all':
      focused.value = undefined;
      return true;
    case 'sound': {
      const stream = tiles.value[at]?.stream ?? stage.value;
      if (stream !== undefined) toggleSound(stream);
      return stream !== undefined;
    }
    case 'full-screen':
      toggleFull();
      return true;
    default:
      return command satisfies never;
  }
}

/** How many stand beside each other, as they are laid out. */
function columnsOf(pictures: readonly HTMLElement[]): number {
  const top = pictures[0]?.getBoundingClientRect().top;
  const next = pictures.findIndex((picture) => picture.getBoundingClientRect().top !== top);
  return Math.max(next, 1);
}
