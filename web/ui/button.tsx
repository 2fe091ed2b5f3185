import './button.css';
import type { ComponentChildren } from 'preact';
import { Icon, type IconNode } from './icon.tsx';

/** `primary`: the one thing to do here. `danger`: ends or removes something. `quiet`: one of many, as in a row. */
export type ButtonKind = 'plain' | 'primary' | 'danger' | 'quiet';

type Common = {
  readonly kind?: ButtonKind;
  readonly icon?: IconNode;
  readonly children: ComponentChildren;
  /** Where the words alone do not say what it is about: begins with the words. */
  readonly label?: string;
};
type ActionProps = Common & {
  readonly onClick?: (() => void) | undefined;
  readonly type?: 'button' | 'submit';
  readonly disabled?: boolean;
  /** Works at it: cannot be pressed again meanwhile, and keeps the focus. */
  readonly busy?: boolean;
  /** For one that stays down. */
  readonly pressed?: boolean | undefined;
  readonly form?: string;
};
type LinkProps = Common & {
  readonly href: string;
  readonly newTab?: boolean;
  readonly download?: string;
};

/** A button; with `href` a link that looks like one. */
export function Button(props: ActionProps | LinkProps) {
  const { kind = 'plain', icon, children, label } = props;
  const look = `button ui-button ui-button-${kind}`;
  const content = (
    <>
      {icon && <Icon of={icon} />}
      <span>{children}</span>
    </>
  );
  if ('href' in props) {
    return (
      <a class={look} href={props.href} aria-label={label} {...linkWays(props)}>
        {content}
      </a>
    );
  }
  const { onClick, type = 'button', disabled, busy, pressed, form } = props;
  return (
    <button
      class={look}
      type={type}
      form={form}
      disabled={disabled}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      aria-pressed={pressed}
      aria-label={label}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.();
      }}
    >
      {content}
    </button>
  );
}

/** A button that is an icon: its label is its name and its tooltip. */
export function IconButton({
  icon,
  label,
  onClick,
  kind = 'quiet',
  pressed,
  disabled,
}: {
  readonly icon: IconNode;
  readonly label: string;
  readonly onClick: () => void;
  readonly kind?: ButtonKind;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
}) {
  return (
    <button
      class={`button ui-button ui-button-icon ui-button-${kind}`}
      type="button"
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon of={icon} />
    </button>
  );
}

/** Buttons beside each other, as many as fit. */
export function Buttons({ children }: { readonly children: ComponentChildren }) {
  return <div class="ui-buttons">{children}</div>;
}

function linkWays({ newTab, download }: LinkProps) {
  return {
    ...(newTab && { target: '_blank', rel: 'noreferrer' }),
    ...(download !== undefined && { download }),
  };
}
