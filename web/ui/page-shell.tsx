import './page-shell.css';
import type { ComponentChildren } from 'preact';
import { type Person, signInUrl } from '../parts/session.ts';
import { Confirmation } from './dialog.tsx';
import { Icon, type IconNode } from './icon.tsx';
import { Toasts } from './toasts.tsx';

export type NavItem = {
  readonly href: string;
  readonly label: string;
  readonly icon?: IconNode;
};

/**
 * What stands around every page: the name, where to go, who is signed in, toasts and confirmations; and the skip link, since the way
 * through all of it is long by keyboard.
 */
export function PageShell({
  title,
  lead,
  actions,
  nav = [],
  current,
  person,
  width = 'page',
  children,
}: {
  /** The page's heading. */
  readonly title: string;
  readonly lead?: ComponentChildren;
  /** Buttons beside the heading. */
  readonly actions?: ComponentChildren;
  readonly nav?: readonly NavItem[];
  /** The `href` in `nav` that is shown. */
  readonly current?: string;
  /** Null: nobody is signed in. Undefined: not known yet, or of no matter here. */
  readonly person?: Person | null | undefined;
  /** `narrow`: for a form or a text; `wide`: for many things beside each other. */
  readonly width?: 'narrow' | 'page' | 'wide';
  readonly children: ComponentChildren;
}) {
  return (
    <div class={`ui-shell ui-shell-${width}`}>
      {/* biome-ignore lint/a11y/useValidAnchor: a link to a place in the page, as screen readers list them */}
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="ui-shell-head">
        <a class="ui-shell-name" href="/">
          <img src="/favicon.svg" alt="" width="32" height="32" />
          <span>Millrace</span>
        </a>
        <span class="soft small ui-shell-host">{location.host}</span>
        <Account person={person} />
      </header>
      <div class={nav.length > 0 ? 'ui-shell-body ui-shell-with-nav' : 'ui-shell-body'}>
        {nav.length > 0 && <Navigation items={nav} current={current} />}
        <main id="main" tabIndex={-1}>
          <div class="ui-shell-title">
            <div>
              <h1>{title}</h1>
              {lead && <p class="soft">{lead}</p>}
            </div>
            {actions && <div class="ui-buttons">{actions}</div>}
          </div>
          {children}
        </main>
      </div>
      <Confirmation />
      <Toasts />
    </div>
  );
}

function Navigation({
  items,
  current,
}: {
  readonly items: readonly NavItem[];
  readonly current: string | undefined;
}) {
  return (
    <nav class="ui-shell-nav" aria-label="Sections">
      <ul class="plain">
        {items.map(({ href, label, icon }) => (
          <li key={href}>
            <a href={href} aria-current={href === current ? 'page' : undefined}>
              {icon && <Icon of={icon} />}
              <span>{label}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Account({ person }: { readonly person: Person | null | undefined }) {
  if (person === undefined) return null;
  if (person === null) {
    return (
      <a class="ui-shell-account" href={signInUrl(`${location.pathname}${location.hash}`)}>
        Sign in
      </a>
    );
  }
  const mayLook = person.scopes.includes('streams.read') && location.pathname !== '/dashboard';
  return (
    <>
      {mayLook && (
        <a class="ui-shell-account" href="/dashboard">
          Dashboard
        </a>
      )}
      <a class="ui-shell-account" href="/account" aria-label={`Your account: ${person.name}`}>
        {person.name}
      </a>
    </>
  );
}

/** By script, since the part behind the # of the address may say which section is shown. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
