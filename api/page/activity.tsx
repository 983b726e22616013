import { path, useResource } from './api.js';
import { ago, when } from './format.js';
import { List } from './list.js';
import { Failure, Loading, Title } from './parts.js';
import { Link } from './router.js';
import type { AuditLine, Notice } from './types.js';

const WORDS: Record<Notice['kind'], string> = {
  failed: 'failed',
  'left-out': 'left something out',
  asks: 'asks',
  'may-be-late': 'may be late',
  late: 'is late',
  done: 'is done',
  test: 'test',
};

/** What people were told of runs, and what they changed. */
export function ActivityPage() {
  return (
    <>
      <Title>Activity</Title>
      <Notices />
      <Changes />
    </>
  );
}

function Notices() {
  const { data, error, reload } = useResource<Notice[]>('/notices', 5000);
  return (
    <section class="panel" aria-label="Told">
      <h2>What there was to tell</h2>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && error === null && <Loading />}
      {data?.length === 0 && (
        <p class="dim">
          No run failed, asked or was late. Who is told, say <code>alerts</code> in <code>millrace.yaml</code>.
        </p>
      )}
      {data !== null && data.length > 0 && (
        <List columns={['When', 'Run', 'What', 'Why', 'Told']}>
          {data.map((notice) => (
            <tr key={notice.id}>
              <td title={when(notice.at, true)}>{ago(notice.at)}</td>
              <td class="id">{notice.runId !== null && <Link to={path('runs', notice.runId)}>{notice.runId}</Link>}</td>
              <td>{WORDS[notice.kind]}</td>
              <td>{notice.message.split('\n')[0]}</td>
              <td>
                {notice.deliveries.map(({ target, state, tries, error: why }) => (
                  <span key={target} class={`told told-${state}`} title={why ?? ''}>
                    {target} {state}
                    {state === 'failed' ? `, ${tries} tries` : ''}
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </List>
      )}
    </section>
  );
}

/** Who may not see it is told so. */
function Changes() {
  const { data, error, reload } = useResource<AuditLine[]>('/audit', 5000);
  return (
    <section class="panel" aria-label="Changes">
      <h2>Who changed what</h2>
      {error !== null && <Failure error={error} retry={reload} />}
      {data === null && error === null && <Loading />}
      {data?.length === 0 && <p class="dim">Nobody changed anything over REST or on this page yet.</p>}
      {data !== null && data.length > 0 && (
        <List columns={['When', 'Who', 'What', { number: 'Answer' }]}>
          {data.map(({ id, at, caller, address, act, target, status }) => (
            <tr key={id}>
              <td title={when(at, true)}>{ago(at)}</td>
              <td>{caller ?? address}</td>
              <td class="id">
                {act.split(' ')[0]} {target}
              </td>
              <td class="number">{status}</td>
            </tr>
          ))}
        </List>
      )}
    </section>
  );
}
