import type { ComponentChildren } from 'preact';

/** A column: its name, of numbers which stand at the right, or of acts, whose name only those hear who do not see. */
export type Column = string | { number: string } | { unseen: string };

/** A table, which scrolls for itself where it is too wide; with `long`, also where it is too long. */
export function List({
  columns,
  long = false,
  children,
}: {
  columns: readonly Column[];
  long?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class={long ? 'wide scroll' : 'wide'} tabIndex={0}>
      <table class="list">
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={JSON.stringify(column)} column={column} />
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function Head({ column }: { column: Column }) {
  if (typeof column === 'string') return <th>{column}</th>;
  if ('number' in column) return <th class="number">{column.number}</th>;
  return (
    <th>
      <span class="unseen">{column.unseen}</span>
    </th>
  );
}
