import './toasts.css';
import { signal } from '@preact/signals';
import { CircleAlert, CircleCheck, Info, X } from 'lucide';
import { IconButton } from './button.tsx';
import { Icon } from './icon.tsx';

export type ToastTone = 'good' | 'error' | 'information';
type Toast = { readonly id: number; readonly text: string; readonly tone: ToastTone };

/** Long enough to read twice (WCAG 2.2.1 asks for no more where nothing is lost with it). */
const SHOWN_MS = 7_000;
/** What went wrong stays longer: somebody has to do something. */
const SHOWN_ERROR_MS = 20_000;
const TOASTS_MAX = 4;

const ICONS = { good: CircleCheck, error: CircleAlert, information: Info };

const toasts = signal<readonly Toast[]>([]);
let nextId = 1;

/** Says in passing what was done or went wrong; the page's shell shows it, and screen readers say it when they have time. */
export function toast(text: string, tone: ToastTone = 'good'): void {
  const id = nextId++;
  toasts.value = [...toasts.value, { id, text, tone }].slice(-TOASTS_MAX);
  setTimeout(() => dismiss(id), tone === 'error' ? SHOWN_ERROR_MS : SHOWN_MS);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** Where {@link toast} speaks: once a page, which PageShell does. */
export function Toasts() {
  return (
    <div class="ui-toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, tone }) => (
        <div key={id} class={`ui-toast ui-toast-${tone}`}>
          <Icon of={ICONS[tone]} />
          <p>{text}</p>
          <IconButton icon={X} label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
