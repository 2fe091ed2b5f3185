import type { LiveState } from '../../../parts/live-events.ts';
import { Notice } from '../../../ui/card.tsx';

/** Says when what is shown is no longer what is. */
export function Connection({ state }: { readonly state: LiveState }) {
  if (state !== 'lost') return null;
  return (
    <Notice tone="warning">
      The connection to the server is lost, so this may be out of date. It comes back by itself.
    </Notice>
  );
}
