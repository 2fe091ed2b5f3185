import './figures.css';
import type { ComponentChildren } from 'preact';

/** A few numbers at a glance. */
export function Figures({
  of,
}: {
  readonly of: readonly {
    readonly name: string;
    readonly value: ComponentChildren;
    readonly note?: string | undefined;
  }[];
}) {
  return (
    <dl class="figures">
      {of.map(({ name, value, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <span class="figure">{value}</span>
            {note && <span class="small soft">{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
