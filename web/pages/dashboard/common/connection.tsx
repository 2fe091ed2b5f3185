import type { Failure } from '../../../parts/api.ts';
import type { LiveState } from '../../../parts/live-events.ts';
import { Notice } from '../../../ui/card.tsx';

/** Says when what is shown is no longer what is. */
export function Connection({
  state,
  failure,
}: {
  readonly state: LiveState;
  /** That questions fail, too, is said already. */
  readonly failure?: Failure | undefined;
}) {
  if (state !== 'lost' || failure !== undefined) return null;
  return (
    <div class="ui-stays">
      <Notice tone="warning">
        The connection to the server is lost, so this may be out of date. It comes back by itself.
      </Notice>
    </div>
  );
}
