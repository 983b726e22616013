import { path, useResource } from './api.js';
import { span } from './format.js';
import { List } from './list.js';
import { State } from './parts.js';
import { setQuery, usePlace } from './router.js';
import { RunGantt } from './run-gantt.js';
import { RunGraph } from './run-graph.js';
import { RunLogs } from './run-logs.js';
import { stepViews } from './step-view.js';
import type { Attempt, Pipeline, Run, Step } from './types.js';

/** The steps of a run: drawn, over time, and what each attempt said. */
export function RunSteps({ run, steps }: { run: Run; steps: readonly Step[] }) {
  const { data: pipeline } = useResource<Pipeline>(path('pipelines', run.pipeline));
  const { query } = usePlace();
  const chosen = query.get('step');
  const views = stepViews(run, steps, pipeline?.nodes.map(({ name }) => name) ?? []);
  const choose = (step: string) => setQuery({ step: step === chosen ? null : step });
  const view = views.find(({ name }) => name === chosen);
  return (
    <>
      {pipeline !== null && <RunGraph nodes={pipeline.nodes} steps={views} chosen={chosen} choose={choose} />}
      <RunGantt attempts={run.attempts} steps={views} />
      {view !== undefined && (
        <section class="panel" aria-label={`Step ${view.name}`}>
          <div class="panel-head">
            <h2>{view.name}</h2>
            <State state={view.state} />
            <span class="dim">
              {pipeline?.nodes.find(({ name }) => name === view.name)?.doc}
              {view.items > 0 ? `; ${view.kept} of ${view.items} kept from before` : ''}
            </span>
            <button type="button" class="plain end" aria-label="Close" onClick={() => setQuery({ step: null })}>
              ✕
            </button>
          </div>
          <Attempts attempts={view.attempts} />
        </section>
      )}
      <RunLogs id={run.id} step={chosen} goesOn={run.state === 'running'} />
    </>
  );
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length === 0) return <p class="dim">It was not begun yet.</p>;
  return (
    <List columns={['Attempt', 'State', 'Worker', { number: 'Time' }, { number: 'Memory' }, 'Measures']} long>
      {attempts.map((each) => (
        <tr key={`${each.phase} ${each.batch} ${each.attempt}`}>
          <td>
            {each.phase === 'batch' ? `batch ${each.batch}` : each.phase === 'once' ? '' : each.phase}
            {each.attempt > 1 ? ` try ${each.attempt}` : ''}
          </td>
          <td>
            <State state={each.state} />
          </td>
          <td class="id">{each.worker}</td>
          <td class="number">{span(each.seconds)}</td>
          <td class="number">{each.measures.rssMiB === undefined ? '' : `${each.measures.rssMiB} MiB`}</td>
          <td>
            {each.error === null
              ? Object.entries(each.measures)
                  .filter(([name]) => name !== 'rssMiB')
                  .map(([name, value]) => `${name} ${value}`)
                  .join(', ')
              : `${each.error.code}: ${each.error.message.split('\n')[0]}`}
          </td>
        </tr>
      ))}
    </List>
  );
}
