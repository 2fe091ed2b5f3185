import './card.css';
import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { Icon, type IconNode } from './icon.tsx';

/** A thing with a name, what is known of it, and what can be done with it. */
export function Card({
  title,
  lead,
  badge,
  actions,
  children,
}: {
  readonly title?: ComponentChildren;
  /** A sentence below the title. */
  readonly lead?: ComponentChildren;
  readonly badge?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  const id = useId();
  const hasHead = title !== undefined || badge !== undefined || actions !== undefined;
  return (
    <section class="ui-card" aria-labelledby={title === undefined ? undefined : id}>
      {hasHead && (
        <div class="ui-card-head">
          <div class="ui-card-title">
            {title !== undefined && <h2 id={id}>{title}</h2>}
            {badge}
          </div>
          {actions && <div class="ui-buttons">{actions}</div>}
        </div>
      )}
      {lead && <p class="soft">{lead}</p>}
      {children}
    </section>
  );
}

/** Nothing here yet: says so, and what to do next. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  readonly icon?: IconNode;
  readonly title: string;
  /** What to do next, in a sentence or two. */
  readonly children: ComponentChildren;
  readonly action?: ComponentChildren;
}) {
  return (
    <div class="ui-empty">
      {icon && <Icon of={icon} size={40} />}
      <p class="ui-empty-title">{title}</p>
      <p class="soft">{children}</p>
      {action && <div class="ui-buttons">{action}</div>}
    </div>
  );
}

const NOTICES = {
  information: Info,
  good: CircleCheck,
  warning: TriangleAlert,
  error: CircleAlert,
} as const;

/** Something to know, in the place that it is about. `error` is said by screen readers at once. */
export function Notice({
  tone = 'information',
  title,
  children,
  action,
}: {
  readonly tone?: keyof typeof NOTICES;
  readonly title?: string;
  readonly children: ComponentChildren;
  readonly action?: ComponentChildren;
}) {
  return (
    <div class={`ui-notice ui-notice-${tone}`} role={tone === 'error' ? 'alert' : undefined}>
      <Icon of={NOTICES[tone]} />
      <div>
        {title && <p class="ui-notice-title">{title}</p>}
        <div>{children}</div>
      </div>
      {action && <div class="ui-buttons">{action}</div>}
    </div>
  );
}

/** Names and values: what is known of a thing. Rows without a value are left out. */
export function Facts({
  of,
}: {
  readonly of: readonly (readonly [name: string, value: ComponentChildren])[];
}) {
  return (
    <dl class="ui-facts">
      {of.map(([name, value]) =>
        value === undefined || value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
