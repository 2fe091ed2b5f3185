import type { IconNode } from 'lucide';
import { h } from 'preact';

export type { IconNode };

/**
 * An icon of lucide's: `import { Copy } from 'lucide'`, then `<Icon of={Copy} />`. Only those that are imported are in the bundle.
 * Without a label it is decoration beside words.
 */
export function Icon({
  of,
  size = 20,
  label,
}: {
  readonly of: IconNode;
  readonly size?: number;
  readonly label?: string;
}) {
  return (
    <svg
      class="ui-icon"
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      focusable="false"
      role="img"
      aria-label={label}
      aria-hidden={label === undefined}
    >
      {of.map(([tag, attributes], at) => h(tag, { ...attributes, key: at }))}
    </svg>
  );
}
