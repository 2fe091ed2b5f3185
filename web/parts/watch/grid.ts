/** How tiles of 16:9 fill a room. */

export type Room = { readonly width: number; readonly height: number };
export type Grid = {
  readonly columns: number;
  /** Of a tile, in CSS pixels. */
  readonly width: number;
  /** The tiles are more than the room takes: it scrolls. */
  readonly scrolls: boolean;
};

const RATIO = 16 / 9;
/** Smaller, and nobody sees what is going on; then it scrolls instead. */
const WIDTH_MIN = 200;
const SAME_SHARE = 0.97;

/** The columns that give `count` tiles the most of a room, with `gap` pixels between them. */
export function bestGrid(count: number, room: Room, gap: number): Grid {
  let best: Grid = { columns: 1, width: 0, scrolls: false };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const byWidth = (room.width - gap * (columns - 1)) / columns;
    const byHeight = ((room.height - gap * (rows - 1)) / rows) * RATIO;
    const width = Math.floor(Math.min(byWidth, byHeight));
    // Beside each other rather than below, where that costs next to nothing.
    if (width > best.width * SAME_SHARE) best = { columns, width, scrolls: false };
  }
  if (best.width >= Math.min(WIDTH_MIN, room.width)) return best;
  const columns = Math.max(1, Math.floor((room.width + gap) / (WIDTH_MIN + gap)));
  const width = Math.floor((room.width - gap * (columns - 1)) / columns);
  return { columns, width, scrolls: true };
}

export type Spotlight = {
  /** Where the others stand. */
  readonly strip: 'right' | 'below';
  /** Of each of the others, in CSS pixels. */
  readonly width: number;
  /** Of the one that is looked at. */
  readonly stage: Room;
};

/** Of the room's longer side for the others. */
const STRIP_SHARE = 0.2;
const STRIP_WIDTH = { least: 140, most: 320 };

/** One large, the others in a strip along the side that leaves it the most room. */
export function spotlight(count: number, room: Room, gap: number): Spotlight {
  if (count < 2) return { strip: 'right', width: 0, stage: room };
  const isWide = room.width / room.height >= RATIO;
  const isTall = room.width / room.height < 1;
  const strip = isWide || !isTall ? 'right' : 'below';
  const share = strip === 'right' ? room.width * STRIP_SHARE : room.height * STRIP_SHARE * RATIO;
  const width = Math.floor(Math.min(Math.max(share, STRIP_WIDTH.least), STRIP_WIDTH.most));
  const stage =
    strip === 'right'
      ? { width: room.width - width - gap, height: room.height }
      : { width: room.width, height: room.height - Math.ceil(width / RATIO) - gap };
  return { strip, width, stage };
}
