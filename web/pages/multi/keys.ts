/** What keys do on the page with several streams. Enter and Space are the tiles' own: they are buttons. */

export type GridCommand =
  | { readonly does: 'focus'; readonly index: number }
  | { readonly does: 'move'; readonly by: 'one' | 'row'; readonly direction: 1 | -1 }
  | { readonly does: 'all' | 'sound' | 'full-screen' };

const MOVES: Readonly<Record<string, GridCommand>> = {
  ArrowRight: { does: 'move', by: 'one', direction: 1 },
  ArrowLeft: { does: 'move', by: 'one', direction: -1 },
  ArrowDown: { does: 'move', by: 'row', direction: 1 },
  ArrowUp: { does: 'move', by: 'row', direction: -1 },
  Escape: { does: 'all' },
  m: { does: 'sound' },
  f: { does: 'full-screen' },
};

/** Undefined for what is the browser's, or a control's own. */
export function gridCommandOf(press: {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}): GridCommand | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined;
  if (/^[1-9]$/.test(press.key)) return { does: 'focus', index: Number(press.key) - 1 };
  const name = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  return Object.hasOwn(MOVES, name) ? MOVES[name] : undefined;
}
