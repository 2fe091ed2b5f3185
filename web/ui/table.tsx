import './table.css';
import type { ComponentChildren } from 'preact';

export type Column<Row> = {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** `number`: to the right; `actions`: buttons, whose title only screen readers read. */
  readonly kind?: 'text' | 'number' | 'actions';
};

/**
 * Rows and columns; on a phone each row becomes a block with the columns' titles beside the values. The roles are written out, since
 * browsers forget a table's own where it is laid out otherwise.
 */
export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
}: {
  /** What it lists; for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}) {
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: see above
    <table class="ui-table" role="table">
      <caption class="for-readers">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, kind = 'text' }) => (
            <th key={title} role="columnheader" scope="col" class={`ui-cell-${kind}`}>
              {kind === 'actions' ? <span class="for-readers">{title}</span> : title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
            {columns.map(({ title, cell, kind = 'text' }) => (
              <td key={title} role="cell" class={`ui-cell-${kind}`} data-title={title}>
                <div>{cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above
  );
}

/** Things of one kind below each other, divided by lines. */
export function List<Item>({
  label,
  items,
  keyOf,
  children,
}: {
  readonly label: string;
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string;
  readonly children: (item: Item) => ComponentChildren;
}) {
  return (
    <ul class="plain ui-list" aria-label={label}>
      {items.map((item) => (
        <li key={keyOf(item)}>{children(item)}</li>
      ))}
    </ul>
  );
}
