import { useState } from 'preact/hooks';
import type { TallyState } from '../../../../src/api/guests.ts';
import { api } from '../../../parts/api.ts';
import { Button, Buttons } from '../../../ui/button.tsx';
import { toast } from '../../../ui/toasts.tsx';

const CHOICES: readonly (readonly [state: TallyState, words: string])[] = [
  ['off', 'Off air'],
  ['preview', 'In preview'],
  ['program', 'On air'],
];

/** Tells the guest whether he is on air: he sees it at once. */
export function TallyButtons({
  stream,
  state,
  onChange,
}: {
  readonly stream: string;
  readonly state: TallyState;
  readonly onChange: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const choose = async (wanted: TallyState) => {
    setBusy(true);
    const answer = await api.put(`/streams/${stream}/tally`, { state: wanted });
    setBusy(false);
    if (!answer.ok) toast(answer.message, 'error');
    onChange();
  };
  return (
    <div class="tally" role="group" aria-label={`Tally light of ${stream}`}>
      <span class="small soft">Tally light</span>
      <Buttons>
        {CHOICES.map(([choice, words]) => (
          <Button
            key={choice}
            kind="plain"
            pressed={state === choice}
            busy={busy}
            onClick={() => void choose(choice)}
          >
            {words}
          </Button>
        ))}
      </Buttons>
    </div>
  );
}
