import { useMemo } from 'preact/hooks';
import { path, useResource } from './api.js';
import { Chart, clusterColor } from './chart.js';
import { count, percent } from './format.js';
import { List } from './list.js';
import { Empty, Failure, Loading } from './parts.js';
import { Link, setQuery, usePlace } from './router.js';
import type { Clusters } from './types.js';

const MOST_MEMBERS = 200;
/** Of more days, weeks are shown. */
const MOST_DAYS = 200;

/** The clusters of a run: on two axes, over time, what is peculiar to each, and who is in it. */
export function RunClusters({ id }: { id: string }) {
  const { data, error, reload } = useResource<Clusters>(`${path('runs', id)}/clusters`);
  const { query } = usePlace();
  if (data === null) {
    if (error === null) return <Loading />;
    if (error.code === 'MR_OBJECT_MISSING')
      return <Empty title="There are no clusters." children="They are there once a run has ended well." />;
    return <Failure error={error} retry={reload} />;
  }
  const chosen = query.get('cluster') === null ? null : Number(query.get('cluster'));
  const choose = (cluster: number) => setQuery({ cluster: cluster === chosen ? null : String(cluster) });
  return (
    <>
      <div class="panel-head">
        <span>
          {count(data.chunks)} chunks in {data.ids.length} clusters by{' '}
          <Link to={path('models', data.model)}>
            {data.model} version {data.version}
          </Link>
        </span>
        <span class="segments" role="group" aria-label="Clusters">
          {data.ids.map((cluster) => (
            <button key={cluster} type="button" aria-pressed={cluster === chosen} onClick={() => choose(cluster)}>
              <i class="dot" style={{ background: clusterColor(cluster) }} /> {cluster}
            </button>
          ))}
        </span>
      </div>
      <div class="columns">
        <Projection data={data} chosen={chosen} />
        <Sizes data={data} chosen={chosen} />
      </div>
      <Profiles data={data} chosen={chosen} />
      <Members data={data} chosen={chosen} />
    </>
  );
}

interface View {
  data: Clusters;
  chosen: number | null;
}

const colors = (ids: readonly number[], chosen: number | null) => ({
  domain: ids.map(String),
  range: ids.map((id) => (chosen === null || chosen === id ? clusterColor(id) : 'var(--faint)')),
});

function Projection({ data, chosen }: View) {
  const points = useMemo(
    () =>
      data.points.cluster.map((cluster, at) => ({
        x: data.points.x[at]!,
        y: data.points.y[at]!,
        cluster: String(cluster),
        text: `${data.sensors[data.points.sensor[at]!]}\n${data.days[data.points.day[at]!]}\ncluster ${cluster}`,
      })),
    [data],
  );
  return (
    <section class="panel" aria-label="On two axes">
      <h2>On two axes</h2>
      <Chart
        label={`${points.length} chunks on the first two principal components, coloured by cluster`}
        height={340}
        of={[points, chosen]}
        draw={(Plot) => ({
          height: 340,
          marginBottom: 42,
          x: { label: `component 1, ${percent(data.explained[0]!)} of the variance`, grid: true, nice: true },
          y: { label: `component 2, ${percent(data.explained[1]!)}`, grid: true, nice: true },
          color: colors(data.ids, chosen),
          marks: [
            Plot.dot(points, {
              x: 'x',
              y: 'y',
              fill: 'cluster',
              r: points.length > 2000 ? 1.8 : 3,
              fillOpacity: 0.7,
            }),
            Plot.tip(points, Plot.pointer({ x: 'x', y: 'y', title: 'text' })),
          ],
        })}
      />
      {points.length < data.chunks && (
        <p class="dim">
          {count(points.length)} of {count(data.chunks)} chunks are shown.
        </p>
      )}
    </section>
  );
}

function Sizes({ data, chosen }: View) {
  const interval = data.days.length > MOST_DAYS ? 'week' : 'day';
  const rows = useMemo(() => sizesBy(data, interval), [data]);
  return (
    <section class="panel" aria-label="Over time">
      <h2>Over time</h2>
      <Chart
        label={`How many chunks of each ${interval} lie in each cluster`}
        height={340}
        of={[rows, chosen]}
        draw={(Plot) => ({
          height: 340,
          x: { label: null },
          y: { label: `chunks a ${interval}`, grid: true },
          color: colors(data.ids, chosen),
          marks: [
            Plot.rectY(rows, {
              x: 'day',
              interval,
              y: 'chunks',
              fill: 'cluster',
              title: (row: (typeof rows)[number]) =>
                `${interval} of ${row.day.toISOString().slice(0, 10)}\ncluster ${row.cluster}: ${row.chunks} chunks`,
              inset: interval === 'week' ? 0 : 0.5,
              tip: true,
            }),
            Plot.ruleY([0]),
          ],
        })}
      />
    </section>
  );
}

/** Chunks by cluster and day, or by the Sunday that its week begins with. */
function sizesBy(data: Clusters, interval: 'day' | 'week'): { day: Date; cluster: string; chunks: number }[] {
  const sums = new Map<number, number[]>();
  for (const [at, day] of data.days.entries()) {
    const time = Date.parse(day);
    const start = interval === 'day' ? time : time - new Date(time).getUTCDay() * 86_400_000;
    const before = sums.get(start);
    sums.set(start, before === undefined ? data.sizes[at]! : before.map((n, nth) => n + data.sizes[at]![nth]!));
  }
  return [...sums].flatMap(([start, counts]) =>
    data.ids.map((cluster, nth) => ({ day: new Date(start), cluster: String(cluster), chunks: counts[nth]! })),
  );
}

function Profiles({ data, chosen }: View) {
  const { features, means } = data.profiles;
  const rows = useMemo(
    () =>
      data.ids.flatMap((cluster, at) =>
        features.map((feature, nth) => ({ feature, cluster: String(cluster), mean: means[at]![nth]! })),
      ),
    [data],
  );
  const height = features.length * 22 + 56;
  return (
    <section class="panel" aria-label="What is peculiar to each">
      <h2>What is peculiar to each</h2>
      <p class="dim">Means of the features that tell them apart most, scaled as the model sees them.</p>
      <Chart
        label={`Means of ${features.length} features by cluster`}
        height={height}
        of={[rows, chosen]}
        draw={(Plot, width) => ({
          height,
          marginLeft: width < 500 ? 120 : 190,
          x: { label: null, grid: true, axis: 'both' },
          y: { domain: features, label: null, tickSize: 0 },
          color: colors(data.ids, chosen),
          marks: [
            Plot.ruleX([0]),
            Plot.ruleY(features, { stroke: 'var(--line)' }),
            Plot.dot(rows, { x: 'mean', y: 'feature', fill: 'cluster', r: 5, stroke: 'var(--surface)' }),
            Plot.tip(
              rows,
              Plot.pointer({
                x: 'mean',
                y: 'feature',
                title: (row: (typeof rows)[number]) => `${row.feature}\ncluster ${row.cluster}: ${row.mean.toFixed(2)}`,
              }),
            ),
          ],
        })}
      />
    </section>
  );
}

/** Sensors of a cluster by how many of their days lie in it. */
function Members({ data, chosen }: View) {
  const members = useMemo(() => {
    const at = chosen === null ? -1 : data.ids.indexOf(chosen);
    return data.sensors
      .map((name, sensor) => {
        const counts = data.members[sensor]!;
        const total = counts.reduce((sum, n) => sum + n, 0);
        return { name, counts, total, own: at === -1 ? total : counts[at]! };
      })
      .filter(({ own }) => own > 0)
      .sort((a, b) => (at === -1 ? (a.name < b.name ? -1 : 1) : b.own - a.own));
  }, [data, chosen]);
  return (
    <section class="panel" aria-label="Members">
      <h2>{chosen === null ? 'Sensors and where their days lie' : `Members of cluster ${chosen}`}</h2>
      <List columns={['Sensor', { number: 'Days' }, 'By cluster']} long>
        {members.slice(0, MOST_MEMBERS).map(({ name, counts, total, own }) => (
          <tr key={name}>
            <td class="id">{name}</td>
            <td class="number">{chosen === null ? total : `${own} of ${total}`}</td>
            <td>
              <span class="shares">
                {data.ids.map((cluster, nth) => {
                  const n = counts[nth]!;
                  return n === 0 ? null : (
                    <i
                      key={cluster}
                      title={`cluster ${cluster}: ${n} days`}
                      style={{ width: `${(100 * n) / total}%`, background: clusterColor(cluster) }}
                    />
                  );
                })}
              </span>
            </td>
          </tr>
        ))}
      </List>
      {members.length > MOST_MEMBERS && <p class="dim">and {count(members.length - MOST_MEMBERS)} more sensors</p>}
    </section>
  );
}
