import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WorkerMetrics } from '../../workers/metrics.js';
import { familiesOf, type Metric, metricsOf } from './prometheus.js';

const TRAIN = { pipeline: 'sensor-training', step: 'train', phase: 'once' };
const READ = { pipeline: 'sensor-training', step: 'read', phase: 'batch' };

/** Those of a name, with all of these labels. */
const of = (metrics: Metric[], name: string, labels: Record<string, string> = {}) =>
  metrics.filter((each) => each.name === name && Object.entries(labels).every(([key, is]) => each.labels[key] === is));

describe('the metrics of a worker', () => {
  it('count attempts while they run, and when they have ended by how', async () => {
    const metrics = new WorkerMetrics('all');
    const running = async () =>
      of(metricsOf(await metrics.text()), 'millrace_attempts_running', { step: 'read' }).map(({ value }) => value);
    const ends = [metrics.begin(READ), metrics.begin(READ), metrics.begin(READ)];
    expect(await running()).toEqual([3]);
    ends[0]!('done');
    ends[1]!('failed');
    expect(await running()).toEqual([1]);
    ends[2]!('done');
    expect(await running()).toEqual([0]);
    const ended = of(metricsOf(await metrics.text()), 'millrace_attempts_total');
    expect(ended.map(({ labels, value }) => [labels.state, value])).toEqual([
      ['done', 2],
      ['failed', 1],
    ]);
    expect(ended[0]!.labels).toEqual({ ...READ, state: 'done', worker: 'all' });
  });

  it('keep steps, phases and pipelines apart', async () => {
    const metrics = new WorkerMetrics('all');
    metrics.begin(READ)('done');
    metrics.begin({ ...READ, phase: 'plan' })('done');
    metrics.begin({ ...READ, pipeline: 'sensor-prediction' })('done');
    metrics.begin(TRAIN)('done');
    expect(of(metricsOf(await metrics.text()), 'millrace_attempts_total').map(({ value }) => value)).toEqual([
      1, 1, 1, 1,
    ]);
  });

  it('say how long attempts took, in seconds', async () => {
    const metrics = new WorkerMetrics('train');
    const began = performance.now();
    const end = metrics.begin(TRAIN);
    await sleep(60);
    end('done');
    const most = (performance.now() - began) / 1000;
    const all = metricsOf(await metrics.text());
    const [sum] = of(all, 'millrace_attempt_seconds_sum');
    expect(sum!.value).toBeGreaterThanOrEqual(0.05);
    expect(sum!.value).toBeLessThanOrEqual(most);
    expect(of(all, 'millrace_attempt_seconds_count').map(({ value }) => value)).toEqual([1]);
    const buckets = of(all, 'millrace_attempt_seconds_bucket').map(({ labels, value }) => [Number(labels.le), value]);
    for (const [le, value] of buckets.slice(0, -1)) expect(value, `${le}`).toBe(le! >= sum!.value ? 1 : 0);
    expect(of(all, 'millrace_attempt_seconds_bucket', { le: '+Inf' })[0]!.value).toBe(1);
  });

  it('are told apart by worker, and are those of one process: another has its own', async () => {
    const [one, two] = [new WorkerMetrics('read+chunk'), new WorkerMetrics('train')];
    one.begin(READ)('done');
    expect(of(metricsOf(await two.text()), 'millrace_attempts_total')).toEqual([]);
    const labels = new Set(metricsOf(await one.text()).map((each) => each.labels.worker));
    expect([...labels]).toEqual(['read+chunk']);
  });

  it('have a type and a help each, and those of the process beside them', async () => {
    const metrics = new WorkerMetrics('all');
    metrics.begin(READ);
    const families = familiesOf(await metrics.text());
    expect(families.get('millrace_attempts_running')).toMatchObject({ type: 'gauge' });
    expect(families.get('millrace_attempts_total')).toMatchObject({ type: 'counter' });
    expect(families.get('millrace_attempt_seconds')).toMatchObject({ type: 'histogram' });
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds']) {
      expect([...families.keys()]).toContain(name);
    }
    for (const [name, { help, type }] of families) expect(`${name} ${type} ${help}`).toMatch(/ [a-z]+ \S.+$/);
  });
});

describe('the reader of metrics that these tests rest on', () => {
  it.each([
    ['no end', 'up 1'],
    ['no value', 'up\n'],
    ['a family twice', 'a 1\nb 1\na 2\n'],
    ['the same labels twice', 'a{x="1",y="2"} 1\na{y="2",x="1"} 1\n'],
    ['a quote too few', 'a{x="1} 1\n'],
    ['a name that is none', '1a 1\n'],
    ['a word for a value', 'a one\n'],
  ])('takes no text with %s', (_, text) => {
    expect(() => familiesOf(text)).toThrow();
  });

  it('reads values of any size and labels with any sign', () => {
    const text = 'a{x="q\\"b\\\\n\\n",y=""} 1.5e-7\na +Inf\na{x="z"} NaN\n';
    expect(metricsOf(text)).toEqual([
      { name: 'a', labels: { x: 'q"b\\n\n', y: '' }, value: 1.5e-7 },
      { name: 'a', labels: {}, value: Number.POSITIVE_INFINITY },
      { name: 'a', labels: { x: 'z' }, value: Number.NaN },
    ]);
  });
});
