import type { ComponentChildren } from 'preact';
import { counted } from '../../../parts/words.ts';

/** Packs of guests alone make a key each: what is older is of no use to eyes. */
const SHOWN_MAX = 50;

type Ended = { readonly expires: string | null; readonly revoked: string | null };

/** What is no longer good, out of the way: the latest of it. */
export function Past<Item extends Ended>({
  items,
  what,
  children,
}: {
  readonly items: readonly Item[];
  /** One of them, as in "3 keys no longer good". */
  readonly what: string;
  readonly children: (items: readonly Item[]) => ComponentChildren;
}) {
  if (items.length === 0) return null;
  const latest = [...items].sort((one, other) => endOf(other).localeCompare(endOf(one)));
  return (
    <details class="manage-past">
      <summary>{counted(items.length, what)} no longer good</summary>
      {items.length > SHOWN_MAX && <p class="small soft">The latest {SHOWN_MAX} of them.</p>}
      {children(latest.slice(0, SHOWN_MAX))}
    </details>
  );
}

/** ISO times sort as text. */
function endOf({ revoked, expires }: Ended): string {
  return revoked ?? expires ?? '';
}
