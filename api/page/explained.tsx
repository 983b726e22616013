import { bytes, count, percent, span } from './format.js';
import { List } from './list.js';
import { Facts } from './parts.js';
import type { Explanation } from './types.js';

const many = (n: number, what: string) => `${count(n)} ${what}${n === 1 ? '' : 's'}`;

/** What a run would be, before anything runs. */
export function Explained({ explanation }: { explanation: Explanation }) {
  const { nothing, source, share, readings, days, sensors, chunks, keptChunks, limits } = explanation;
  const { steps, activities, events, writes, memory, seconds, basis } = explanation;
  if (nothing !== null) return <p role="status">There is nothing to do: {nothing}.</p>;
  const most = memory === null ? null : Math.max(...Object.values(memory));
  const over = limits.filter(({ is, most: allowed }) => is > allowed);
  return (
    <section aria-label="What it would be">
      <Facts
        facts={[
          ['source', `${many(source.files, 'file')}, ${bytes(source.bytes)}`],
          ['readings', `${count(readings)}${share < 1 ? `, by ${percent(share)} of the source` : ''}`],
          ['chunks', `${count(chunks)} of ${many(sensors, 'sensor')} on ${many(days, 'day')}`],
          ['kept', count(keptChunks)],
          ['history', `${count(activities)} activities, ${count(events)} events`],
          ['writes', writes === null ? null : bytes(writes)],
          ['memory', most === null ? null : `${count(most)} MiB`],
          ['time', seconds === null ? 'no run before says it' : `${span(seconds)}, by ${many(basis, 'run')}`],
        ]}
      />
      {over.map(({ what, is, most: allowed }) => (
        <p key={what} class="failure" role="alert">
          It would break: {count(Math.round(is))} {what}, where {count(allowed)} are allowed. Run it for fewer days or
          files at once, for example as a backfill.
        </p>
      ))}
      <List columns={['Step', { number: 'Items' }, { number: 'Kept' }, { number: 'Batches' }, { number: 'Time' }]}>
        {steps.map(({ name, items, kept, batches, seconds: own }) => (
          <tr key={name}>
            <td>{name}</td>
            <td class="number">{items === null ? '' : count(items)}</td>
            <td class="number">{kept === null ? '' : count(kept)}</td>
            <td class="number">{batches === 0 ? '' : count(batches)}</td>
            <td class="number">{span(own)}</td>
          </tr>
        ))}
      </List>
    </section>
  );
}
