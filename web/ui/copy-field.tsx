import './copy-field.css';
import { Check, Copy, Eye, EyeOff } from 'lucide';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { copyText } from '../parts/clipboard.ts';
import { Button, type ButtonKind, IconButton } from './button.tsx';
import { toast } from './toasts.tsx';

/** How long a copy button says that it did. */
const COPIED_MS = 2_000;
/** Says nothing of a secret's length. */
const MASK = '••••••••••••';

/** Copies, and says so for a while. */
function useCopy(what: string, value: string) {
  const [isCopied, setCopied] = useState(false);
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const copy = async () => {
    if (!(await copyText(value))) {
      toast(`Your browser does not let this page copy. Select the ${what} and copy it.`, 'error');
      return;
    }
    toast(`Copied the ${what}.`);
    setCopied(true);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setCopied(false), COPIED_MS);
  };
  return { isCopied, copy: () => void copy() };
}

/** A value to take elsewhere. A secret is masked until its reader wants to see it, and can be copied unseen. */
export function CopyField({
  label,
  value,
  secret = false,
  help,
}: {
  readonly label: string;
  readonly value: string;
  readonly secret?: boolean;
  readonly help?: string;
}) {
  const id = useId();
  const [isShown, setShown] = useState(!secret);
  const what = inSentence(label);
  const { isCopied, copy } = useCopy(what, value);
  return (
    <div class="ui-copy">
      <span class="ui-copy-label" id={id}>
        {label}
      </span>
      <div class="ui-copy-line" role="group" aria-labelledby={id}>
        <code>{isShown ? breakable(value) : MASK}</code>
        {secret && (
          <IconButton
            icon={isShown ? EyeOff : Eye}
            label={isShown ? `Hide the ${what}` : `Show the ${what}`}
            onClick={() => setShown(!isShown)}
          />
        )}
        <IconButton icon={isCopied ? Check : Copy} label={`Copy the ${what}`} onClick={copy} />
        {/* Here as well: the place of the toasts is out of reach while a dialog is open. */}
        <span class="for-readers" role="status">
          {isCopied && `Copied the ${what}.`}
        </span>
      </div>
      {help && <p class="small soft">{help}</p>}
    </div>
  );
}

/** A button that copies, where there is no room to show what. */
export function CopyButton({
  what,
  value,
  children,
  kind = 'plain',
  label,
}: {
  /** As in "Copied the watch link". */
  readonly what: string;
  readonly value: string;
  readonly children: string;
  readonly kind?: ButtonKind;
  /** Where there are several: begins with the words on it. */
  readonly label?: string;
}) {
  const { isCopied, copy } = useCopy(what, value);
  return (
    <Button icon={isCopied ? Check : Copy} onClick={copy} kind={kind} {...(label && { label })}>
      {children}
    </Button>
  );
}

/** Words that begin with a capital letter lose it, abbreviations such as WHIP stay. */
function inSentence(label: string): string {
  return /^\p{Lu}\p{Lu}/u.test(label) ? label : label.charAt(0).toLowerCase() + label.slice(1);
}

/** A long URL may break behind its slashes, which no copy of it shows. */
function breakable(text: string) {
  return text.split(/(?<=[^/]\/)(?=[^/])/).flatMap((piece, at) => {
    return at === 0 ? [piece] : [<wbr key={at} />, piece];
  });
}
