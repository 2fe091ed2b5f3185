import './dialog.css';
import { signal } from '@preact/signals';
import { X } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button, IconButton } from './button.tsx';

/**
 * The browser's own modal dialog: it holds the focus, Escape closes it, and what is behind it is out of reach. Render it where it is
 * open and leave it out where it is not. In a form, give the submit button to `actions` with `form`.
 */
export function Dialog({
  title,
  onClose,
  children,
  actions,
  wide = false,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly wide?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const titleId = useId();
  useEffect(() => {
    const before = whereUserIs();
    dialog.current?.showModal();
    // The focus goes to the first field, which would scroll away what stands above it.
    body.current?.scrollTo(0, 0);
    return () => {
      dialog.current?.close();
      focusAgain(before);
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'ui-dialog ui-dialog-wide' : 'ui-dialog'}
      aria-labelledby={titleId}
      onCancel={(event) => {
        // It is closed by no longer being rendered.
        event.preventDefault();
        onClose();
      }}
    >
      <div class="ui-dialog-head">
        <h2 id={titleId}>{title}</h2>
        <IconButton icon={X} label="Close" onClick={onClose} />
      </div>
      <div class="ui-dialog-body" ref={body}>
        {children}
      </div>
      {actions && <div class="ui-dialog-actions">{actions}</div>}
    </dialog>
  );
}

/** Where the last dialog was opened from. One that follows another may find it gone already. */
let openedFrom: HTMLElement | undefined;

function whereUserIs(): HTMLElement | undefined {
  const now = document.activeElement;
  if (now instanceof HTMLElement && now !== document.body) openedFrom = now;
  return openedFrom;
}

/** Back to where its user was: what stood there may have been drawn anew, elsewhere, or be gone. */
function focusAgain(before: HTMLElement | undefined): void {
  if (before === undefined) return;
  const same = () =>
    [...document.querySelectorAll<HTMLElement>(`main ${before.localName}`)].find(
      ({ textContent }) => textContent === before.textContent,
    );
  const back = before.isConnected ? before : (same() ?? document.querySelector('main'));
  back?.focus();
}

type Question = {
  readonly title: string;
  /** What comes of it. */
  readonly text: string;
  /** The words on the button: "End the stream", never "OK". */
  readonly action: string;
  readonly kind?: 'danger' | 'primary';
};
type Asked = Question & { readonly answer: (isYes: boolean) => void };

const asked = signal<Asked | undefined>(undefined);

/** Asks before something that hurts. The page's shell shows it. */
export function confirm(question: Question): Promise<boolean> {
  asked.peek()?.answer(false);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (isYes) => {
        asked.value = undefined;
        resolve(isYes);
      },
    };
  });
}

/** Where {@link confirm} asks: once a page, which PageShell does. */
export function Confirmation() {
  const question = asked.value;
  if (question === undefined) return null;
  const { title, text, action, kind = 'danger', answer } = question;
  return (
    <Dialog
      title={title}
      onClose={() => answer(false)}
      actions={
        <>
          <Button onClick={() => answer(false)}>Cancel</Button>
          <Button kind={kind} onClick={() => answer(true)}>
            {action}
          </Button>
        </>
      }
    >
      <p>{text}</p>
    </Dialog>
  );
}
