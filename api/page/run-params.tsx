import { figure } from './format.js';
import { RunFiles } from './lineage.js';
import type { Run } from './types.js';

/** What a run was called with, and what it gave back. */
export function RunParams({ run }: { run: Run }) {
  const set = Object.entries(run.params).filter(([, value]) => value !== null && JSON.stringify(value) !== '[]');
  return (
    <>
      <div class="columns">
        <section class="panel" aria-label="Params">
          <h2>Params</h2>
          <Values values={set} />
        </section>
        <section class="panel" aria-label="Result">
          <h2>Result</h2>
          {run.result === null ? <p class="dim">There is none.</p> : <Values values={Object.entries(run.result)} />}
        </section>
      </div>
      <RunFiles id={run.id} />
    </>
  );
}

function Values({ values }: { values: [string, unknown][] }) {
  return (
    <table class="list values">
      <tbody>
        {values.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              {typeof value === 'object' && value !== null ? (
                <pre>{JSON.stringify(value, null, 1)}</pre>
              ) : typeof value === 'number' ? (
                figure(value)
              ) : (
                String(value)
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
