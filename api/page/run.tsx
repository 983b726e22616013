import { useEffect, useState } from 'preact/hooks';
import { events, path, post, useResource } from './api.js';
import { interval, span, when } from './format.js';
import { Act, Facts, Failure, Loading, State, stateOf, Title } from './parts.js';
import { go, Link } from './router.js';
import { RunClusters } from './run-clusters.js';
import { RunCoverage } from './run-coverage.js';
import { RunFailed, RunQuestions } from './run-failures.js';
import { RunParams } from './run-params.js';
import { RunQuarantine } from './run-quarantine.js';
import { RunReport } from './run-report.js';
import { RunSteps } from './run-steps.js';
import { StartedBy } from './runs.js';
import type { Run, Step } from './types.js';

const PARTS = [
  ['', 'Steps'],
  ['coverage', 'Coverage'],
  ['clusters', 'Clusters'],
  ['quarantine', 'Quarantine'],
  ['report', 'Report'],
  ['params', 'Params and result'],
] as const;

/** One run: what it did, what it found, what it made. */
export function RunPage({ id, part = '' }: { id: string; part?: string | undefined }) {
  const [goesOn, setGoesOn] = useState(true);
  const { data: run, error, reload } = useResource<Run>(path('runs', id), goesOn ? 2000 : undefined);
  const steps = useSteps(id, run?.state === 'running');
  useEffect(() => setGoesOn(run === null || run.state === 'running'), [run?.state]);
  if (run === null) {
    if (error === null) return <Loading />;
    return (
      <>
        <Failure error={error} retry={reload} />
        <p>
          <Link to="/">All runs</Link>
        </p>
      </>
    );
  }
  const again = () => {
    setGoesOn(true);
    reload();
  };
  return (
    <>
      <Title aside={<Acts run={run} reload={again} />}>
        <span class="id">{run.id}</span> <State state={stateOf(run)} />
      </Title>
      {error !== null && <Failure error={error} />}
      <Facts
        facts={[
          ['pipeline', <Link to={path('start', run.pipeline)}>{run.pipeline}</Link>],
          ['for', run.interval === null ? '' : interval(run.interval)],
          ['started by', <StartedBy run={run} />],
          ['started', when(run.startedAt, true)],
          ['time', run.seconds === null ? <Since start={run.startedAt} /> : span(run.seconds)],
          ['made from', run.rerunOf === null ? '' : <Link to={path('runs', run.rerunOf)}>{run.rerunOf}</Link>],
          ['held since', run.pausedAt === null ? '' : when(run.pausedAt, true)],
        ]}
      />
      {run.error !== null && run.state !== 'cancelled' && (
        <div class="failure" role="alert">
          <p class="failure-code">
            {run.error.code}
            {run.error.step === null ? '' : ` in ${run.error.step}`}
          </p>
          {run.error.message.split('\n').map((line) => (
            <p key={line}>{line.trim()}</p>
          ))}
        </div>
      )}
      <RunQuestions run={run} reload={again} />
      <RunFailed run={run} />
      <Tabs id={id} part={part} />
      <div role="tabpanel">
        {part === '' && <RunSteps run={run} steps={steps} />}
        {part === 'coverage' && <RunCoverage id={id} />}
        {part === 'clusters' && <RunClusters id={id} />}
        {part === 'quarantine' && <RunQuarantine id={id} />}
        {part === 'report' && <RunReport run={run} />}
        {part === 'params' && <RunParams run={run} />}
      </div>
    </>
  );
}

function Tabs({ id, part }: { id: string; part: string }) {
  const to = (name: string) => path('runs', id) + (name === '' ? '' : `/${name}`);
  return (
    <div
      class="tabs"
      role="tablist"
      onKeyDown={(event) => {
        const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
        if (by === 0) return;
        const at = PARTS.findIndex(([name]) => name === part);
        const [next] = PARTS[(at + by + PARTS.length) % PARTS.length]!;
        go(to(next), { replace: true });
        (event.currentTarget.querySelectorAll('a')[PARTS.findIndex(([name]) => name === next)] as HTMLElement).focus();
      }}
    >
      {PARTS.map(([name, title]) => (
        <a
          key={name}
          href={to(name)}
          role="tab"
          aria-selected={name === part}
          tabIndex={name === part ? 0 : -1}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey) return;
            event.preventDefault();
            go(to(name), { replace: true });
          }}
        >
          {title}
        </a>
      ))}
    </div>
  );
}

function Acts({ run, reload }: { run: Run; reload: () => void }) {
  const act = (what: string) => () => post(`${path('runs', run.id)}/${what}`);
  if (run.state === 'running') {
    return (
      <>
        {run.pausedAt === null ? (
          <Act act={act('pause')} then={reload} title="Batches that workers are at end; no others begin">
            Pause
          </Act>
        ) : (
          <Act act={act('resume')} then={reload} kind="primary">
            Resume
          </Act>
        )}
        <Act act={act('cancel')} then={reload} kind="danger" sure={`Cancel ${run.id}?`}>
          Cancel
        </Act>
      </>
    );
  }
  return <Rerun run={run} />;
}

/** Runs it once more, from the beginning or from a step on. */
function Rerun({ run }: { run: Run }) {
  const [from, setFrom] = useState('');
  const steps = [...new Set(run.attempts.map(({ step }) => step))];
  return (
    <span class="joined">
      <select aria-label="Rerun from" value={from} onChange={(event) => setFrom(event.currentTarget.value)}>
        <option value="">what changed</option>
        {steps.map((step) => (
          <option key={step} value={step}>
            from {step} on
          </option>
        ))}
      </select>
      <Act
        act={async () => {
          const { runId } = await post<{ runId: string }>(`${path('runs', run.id)}/rerun`, from === '' ? {} : { from });
          go(path('runs', runId));
        }}
      >
        Rerun
      </Act>
    </span>
  );
}

/** The time that has passed, as it passes. */
function Since({ start }: { start: string }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return <>{span(Math.round((Date.now() - Date.parse(start)) / 1000) || 0)}</>;
}

/** The steps of a run as they change; empty where no worker answers. */
function useSteps(id: string, goesOn: boolean): Step[] {
  const [steps, setSteps] = useState<Step[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    void (async () => {
      try {
        for await (const { steps: now } of events<{ steps: Step[] }>(`${path('runs', id)}/events`, stop.signal))
          if (now.length > 0) setSteps(now);
      } catch {
        // Attempts say as much, a little later.
      }
    })();
    return () => stop.abort();
  }, [id, goesOn]);
  return steps;
}
