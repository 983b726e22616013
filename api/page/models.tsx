import { useMemo } from 'preact/hooks';
import { path, post, useResource } from './api.js';
import { Chart } from './chart.js';
import { ago, figure, when } from './format.js';
import { List } from './list.js';
import { Act, Empty, Failure, Loading, Title } from './parts.js';
import { Link, setQuery, usePlace } from './router.js';
import type { ModelVersion } from './types.js';

/** Models, their versions, and how good each is. */
export function ModelsPage({ name }: { name: string | undefined }) {
  const { data, error, reload } = useResource<ModelVersion[]>('/models', 5000);
  if (data === null) return error === null ? <Loading /> : <Failure error={error} retry={reload} />;
  if (data.length === 0)
    return (
      <Empty title="No models yet.">
        A training makes one: <Link to="/start/sensor-training">start sensor-training</Link>.
      </Empty>
    );
  const names = [...new Set(data.map(({ model }) => model))].sort();
  const chosen = name ?? names[0]!;
  const versions = data.filter(({ model }) => model === chosen).sort((a, b) => b.version - a.version);
  return (
    <>
      <Title
        aside={
          versions.some(({ champion }) => champion) && (
            <Act
              act={() => post(`${path('models', chosen)}/rollback`)}
              then={reload}
              sure={`Make the champion of ${chosen} before this one champion again?`}
            >
              Roll back
            </Act>
          )
        }
      >
        Models
      </Title>
      {error !== null && <Failure error={error} />}
      {names.length > 1 && (
        <nav class="choices" aria-label="Model">
          {names.map((each) => (
            <Link key={each} to={path('models', each)} class="choice" current={each === chosen}>
              <b>{each}</b>
              <span>{data.filter(({ model }) => model === each).length} versions</span>
            </Link>
          ))}
        </nav>
      )}
      {versions.length === 0 ? (
        <Empty title={`There is no model "${chosen}".`}>
          <Link to="/models">All models</Link>
        </Empty>
      ) : (
        <Versions key={chosen} versions={versions} reload={reload} />
      )}
    </>
  );
}

/** Numbers of a version, by name. */
function figuresOf({ metrics }: ModelVersion): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function Versions({ versions, reload }: { versions: ModelVersion[]; reload: () => void }) {
  const { query } = usePlace();
  const names = useMemo(() => [...new Set(versions.flatMap((version) => Object.keys(figuresOf(version))))], [versions]);
  const metric = query.get('metric') ?? (names.includes('silhouette') ? 'silhouette' : names[0]);
  const champion = versions.find((each) => each.champion);
  const number = Number(query.get('version'));
  const beside = versions.find(({ version }) => version === number) ?? versions.find((each) => each !== champion);
  return (
    <>
      {metric !== undefined && versions.length > 1 && (
        <section class="panel" aria-label="Over time">
          <div class="panel-head">
            <h2>Over time</h2>
            <span class="segments" role="group" aria-label="Figure">
              {names.map((each) => (
                <button
                  key={each}
                  type="button"
                  aria-pressed={each === metric}
                  onClick={() => setQuery({ metric: each })}
                >
                  {each}
                </button>
              ))}
            </span>
          </div>
          <MetricChart versions={versions} metric={metric} />
        </section>
      )}
      {champion !== undefined && beside !== undefined && <Compared champion={champion} other={beside} names={names} />}
      <section class="panel" aria-label="Versions">
        <List
          columns={[
            'Version',
            'Made',
            'Continues',
            'Trained to',
            ...names.map((each) => ({ number: each })),
            'Run',
            { unseen: 'Acts' },
          ]}
        >
          {versions.map((each) => (
            <tr key={each.version} aria-selected={each === beside}>
              <td>
                <b>{each.version}</b> {each.champion && <span class="state state-done">champion</span>}
              </td>
              <td title={when(each.createdAt, true)}>{ago(each.createdAt)}</td>
              <td>{each.parent === null ? 'new lineage' : each.parent}</td>
              <td>{each.trainedTo ?? ''}</td>
              {names.map((name) => (
                <td key={name} class="number">
                  {figure(figuresOf(each)[name])}
                </td>
              ))}
              <td class="id">
                <Link to={`${path('runs', each.runId)}/clusters`}>{each.runId}</Link>
              </td>
              <td>
                {!each.champion && (
                  <span class="acts">
                    <button type="button" onClick={() => setQuery({ version: String(each.version) })}>
                      Compare
                    </button>
                    <Act
                      act={() => post(`${path('models', each.model, 'versions', each.version)}/promote`)}
                      then={reload}
                      sure={`Make version ${each.version} of ${each.model} champion? Predictions use it from then on.`}
                    >
                      Promote
                    </Act>
                  </span>
                )}
              </td>
            </tr>
          ))}
        </List>
      </section>
    </>
  );
}

function MetricChart({ versions, metric }: { versions: ModelVersion[]; metric: string }) {
  const points = versions
    .map((each) => ({
      at: new Date(each.createdAt),
      value: figuresOf(each)[metric],
      version: each.version,
      kind: each.champion ? 'champion' : 'other',
    }))
    .filter(({ value }) => value !== undefined);
  return (
    <Chart
      label={`${metric} of ${points.length} versions over time`}
      height={220}
      of={[versions, metric]}
      draw={(Plot) => ({
        height: 220,
        x: { label: null },
        y: { label: metric, grid: true, nice: true },
        color: { domain: ['champion', 'other'], range: ['var(--done)', 'var(--accent)'] },
        marks: [
          Plot.lineY(points, { x: 'at', y: 'value', stroke: 'var(--faint)' }),
          Plot.dot(points, {
            x: 'at',
            y: 'value',
            fill: 'kind',
            r: 5,
            title: (d: (typeof points)[number]) => `version ${d.version}\n${metric} ${figure(d.value)}`,
            tip: true,
          }),
          Plot.text(points, { x: 'at', y: 'value', text: 'version', dy: -12 }),
        ],
      })}
    />
  );
}

/** A version beside the champion, and why it did or did not take its place. */
function Compared({
  champion,
  other,
  names,
}: {
  champion: ModelVersion;
  other: ModelVersion;
  names: readonly string[];
}) {
  const [mine, theirs] = [figuresOf(champion), figuresOf(other)];
  const reason = other.decision?.reason;
  return (
    <section class="panel" aria-label="Compared">
      <h2>
        Version {other.version} beside the champion, version {champion.version}
      </h2>
      {typeof reason === 'string' && <p>{reason}</p>}
      <List
        columns={[
          'Figure',
          { number: `champion ${champion.version}` },
          { number: `version ${other.version}` },
          { number: 'difference' },
        ]}
      >
        {names.map((name) => {
          const [a, b] = [mine[name], theirs[name]];
          return (
            <tr key={name}>
              <td>{name}</td>
              <td class="number">{figure(a)}</td>
              <td class="number">{figure(b)}</td>
              <td class="number">{a === undefined || b === undefined ? '' : `${b >= a ? '+' : ''}${figure(b - a)}`}</td>
            </tr>
          );
        })}
      </List>
    </section>
  );
}
