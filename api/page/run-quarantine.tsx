import { path, useResource } from './api.js';
import { count } from './format.js';
import { List } from './list.js';
import { Empty, Failure, Loading } from './parts.js';
import { setQuery, usePlace } from './router.js';
import type { Quarantine } from './types.js';

const PAGE = 100;

/** Readings that could not be used, as they stand in their files. */
export function RunQuarantine({ id }: { id: string }) {
  const { query } = usePlace();
  const reason = query.get('reason');
  const offset = Math.max(0, Number(query.get('offset')) || 0);
  const asked = new URLSearchParams({
    offset: String(offset),
    limit: String(PAGE),
    ...(reason !== null && { reason }),
  });
  const { data, error, reload } = useResource<Quarantine>(`${path('runs', id)}/quarantine?${asked}`);
  if (data === null) return error === null ? <Loading /> : <Failure error={error} retry={reload} />;
  const reasons = Object.entries(data.reasons);
  const all = reasons.reduce((sum, [, n]) => sum + n, 0);
  if (all === 0) return <Empty title="Nothing is in quarantine.">Every reading of this run could be read.</Empty>;
  const total = reason === null ? all : (data.reasons[reason] ?? 0);
  const to = (at: number) => setQuery({ offset: at <= 0 ? null : String(at) });
  return (
    <section class="panel" aria-label="Quarantine">
      <div class="panel-head">
        <span class="segments" role="group" aria-label="Reasons">
          <button type="button" aria-pressed={reason === null} onClick={() => setQuery({ reason: null, offset: null })}>
            all {count(all)}
          </button>
          {reasons.map(([name, n]) => (
            <button
              key={name}
              type="button"
              aria-pressed={reason === name}
              onClick={() => setQuery({ reason: name, offset: null })}
            >
              {name.replaceAll('_', ' ')} {count(n)}
            </button>
          ))}
        </span>
        <span class="segments end">
          <button type="button" aria-label="Before" disabled={offset === 0} onClick={() => to(offset - PAGE)}>
            ◀
          </button>
          <span class="segment-text">
            {count(offset + 1)} to {count(Math.min(total, offset + PAGE))} of {count(total)}
          </span>
          <button type="button" aria-label="After" disabled={offset + PAGE >= total} onClick={() => to(offset + PAGE)}>
            ▶
          </button>
        </span>
      </div>
      <List columns={['File', { number: 'Record' }, 'Sensor', 'Reason', 'As it stands there']} long>
        {data.readings.map((each, at) => (
          <tr key={`${offset + at}`}>
            <td class="id" title={each.file}>
              {each.file.split('/').slice(-2).join('/')}
            </td>
            <td class="number">{each.record > 0 ? count(each.record) : ''}</td>
            <td class="id">{each.sensor ?? ''}</td>
            <td>{each.reason.replaceAll('_', ' ')}</td>
            <td>
              <code>{each.raw ?? ''}</code>
            </td>
          </tr>
        ))}
      </List>
    </section>
  );
}
