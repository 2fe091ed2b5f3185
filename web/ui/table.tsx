import './table.css';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Field } from './field.tsx';

export type Column<Row> = {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** `number`: to the right; `actions`: buttons, whose title only screen readers read. */
  readonly kind?: 'text' | 'number' | 'actions';
};

/** Fewer are looked through faster than a name is typed. */
const FIND_FROM = 13;

type TableProps<Row> = {
  /** What it lists; for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
};

/** A table that can be searched where it is long. */
export function LongTable<Row>({
  wordsOf,
  ...table
}: TableProps<Row> & {
  /** What a row is found by. */
  readonly wordsOf: (row: Row) => string;
}) {
  const [text, setText] = useState('');
  if (table.rows.length < FIND_FROM) return <Table {...table} />;
  const wanted = text.trim().toLowerCase();
  const rows = table.rows.filter((row) => wordsOf(row).toLowerCase().includes(wanted));
  return (
    <>
      <div class="ui-table-find">
        <Field label="Find" type="search" value={text} onInput={setText} maxLength={130} />
        <p class="small soft" role="status">
          {rows.length === table.rows.length
            ? `${rows.length} in all`
            : `${rows.length} of ${table.rows.length}`}
        </p>
      </div>
      {rows.length > 0 && <Table {...table} rows={rows} />}
    </>
  );
}

/**
 * Rows and columns; on a phone each row becomes a block with the columns' titles beside the values. The roles are written out, since
 * browsers forget a table's own where it is laid out otherwise.
 */
export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
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
