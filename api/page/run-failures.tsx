import { path, post } from './api.js';
import { ago, count } from './format.js';
import { List } from './list.js';
import { Act } from './parts.js';
import type { Question, Run } from './types.js';

const WORDS = {
  retry: { name: 'Retry', title: 'Do again what failed' },
  skip: { name: 'Go on without', title: 'Each file or day is tried by itself; those that fail are left out' },
  abort: { name: 'Let it fail', title: 'The run ends with this error' },
} as const;

/** What a run asks a person, with what can be answered. */
export function RunQuestions({ run, reload }: { run: Run; reload: () => void }) {
  const open = run.state === 'running' ? run.questions.filter(({ decision }) => decision === null) : [];
  if (open.length === 0) return null;
  return (
    <section class="question" role="alert" aria-label="It waits for a decision">
      <h2>{open.length === 1 ? 'It waits for a decision' : `It waits for ${open.length} decisions`}</h2>
      {open.map((question) => (
        <Asked key={`${question.step} ${question.phase} ${question.batch}`} id={run.id} {...{ question, reload }} />
      ))}
    </section>
  );
}

function Asked({ id, question, reload }: { id: string; question: Question; reload: () => void }) {
  const { step, batch, code, message, can, askedAt } = question;
  return (
    <div class="asked">
      <p>
        <strong>
          {step}
          {batch === 0 ? '' : `, batch ${batch}`}
        </strong>{' '}
        <code>{code}</code> <span class="dim">{ago(askedAt)}</span>
      </p>
      {message.split('\n').map((line) => (
        <p key={line}>{line.trim()}</p>
      ))}
      <p class="acts">
        {can.map((decision) => (
          <Act
            key={decision}
            act={() => post(`${path('runs', id)}/${decision}`, { step, batch })}
            then={reload}
            kind={decision === 'retry' ? 'primary' : decision === 'abort' ? 'danger' : undefined}
            title={WORDS[decision].title}
          >
            {WORDS[decision].name}
          </Act>
        ))}
      </p>
    </div>
  );
}

/** What a run went on without. */
export function RunFailed({ run }: { run: Run }) {
  if (run.failed === 0) return null;
  return (
    <details class="panel left-out">
      <summary>
        {count(run.failed)} {run.failed === 1 ? 'file or day' : 'files and days'} left out, since they failed
      </summary>
      <List columns={['In', 'File or day', { number: 'Readings' }, 'Why']} long>
        {run.failedItems.map(({ step, item, readings, code, message }) => (
          <tr key={`${step} ${item}`}>
            <td>{step}</td>
            <td class="id">{item}</td>
            <td class="number">{readings === null ? '' : count(readings)}</td>
            <td>
              <code>{code}</code> {message.split('\n')[0]}
            </td>
          </tr>
        ))}
      </List>
    </details>
  );
}
