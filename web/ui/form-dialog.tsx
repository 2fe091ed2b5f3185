import './form-dialog.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { Notice } from './card.tsx';
import { Dialog } from './dialog.tsx';

/** A dialog with a form in it: works at it once, and says in it why it did not come about. */
export function FormDialog({
  title,
  submit,
  onSubmit,
  onClose,
  wide = false,
  children,
}: {
  readonly title: string;
  /** The words on the button. */
  readonly submit: string;
  /** What went wrong; undefined where all went well, and whoever opened the dialog closes it. */
  readonly onSubmit: () => Promise<string | undefined>;
  readonly onClose: () => void;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}) {
  const form = useId();
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const [isBusy, setBusy] = useState(false);
  const told = useRef<HTMLDivElement>(null);
  // A long form may show another part of itself.
  useEffect(() => told.current?.scrollIntoView({ block: 'nearest' }), [trouble]);
  const work = async () => {
    if (isBusy) return;
    setBusy(true);
    setTrouble(undefined);
    setTrouble(await onSubmit());
    setBusy(false);
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      wide={wide}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={form} busy={isBusy}>
            {submit}
          </Button>
        </>
      }
    >
      <form
        id={form}
        class="ui-form"
        novalidate
        onSubmit={(event) => {
          event.preventDefault();
          void work();
        }}
      >
        {children}
        <div ref={told}>{trouble && <Notice tone="error">{trouble}</Notice>}</div>
      </form>
    </Dialog>
  );
}
