import type { ComponentChildren } from 'preact';
import { counted } from '../../../parts/words.ts';

/** What is no longer good, out of the way. */
export function Past({
  count,
  what,
  children,
}: {
  readonly count: number;
  /** One of them, as in "3 keys that are no longer good". */
  readonly what: string;
  readonly children: ComponentChildren;
}) {
  if (count === 0) return null;
  return (
    <details class="manage-past">
      <summary>{counted(count, what)} no longer good</summary>
      {children}
    </details>
  );
}
