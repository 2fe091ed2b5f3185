import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Button, Buttons } from '../../ui/button.tsx';
import { Card, Notice } from '../../ui/card.tsx';

/** One step's questions, and the button that goes on. */
export function StepForm({
  submit,
  onSubmit,
  also,
  children,
}: {
  readonly submit: string;
  /** What went wrong; undefined where all went well, or a field says it. */
  readonly onSubmit: () => Promise<string | undefined>;
  /** A further button. */
  readonly also?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const work = async () => {
    if (isBusy) return;
    setBusy(true);
    setTrouble(undefined);
    setTrouble(await onSubmit());
    setBusy(false);
  };
  return (
    <Card>
      <form
        class="setup-form"
        novalidate
        onSubmit={(event) => {
          event.preventDefault();
          void work();
        }}
      >
        {children}
        {trouble && <Notice tone="error">{trouble}</Notice>}
        <Buttons>
          <Button kind="primary" type="submit" busy={isBusy}>
            {submit}
          </Button>
          {also}
        </Buttons>
      </form>
    </Card>
  );
}
