import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AttemptMeter, Meters } from '../activities/context.js';

/** From an empty step to the longest batch. */
const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800];

/** What this process counts, for Prometheus. */
export class WorkerMetrics implements Meters {
  readonly #registry = new Registry();
  readonly #running = new Gauge({
    name: 'millrace_attempts_running',
    help: 'Attempts of steps that run now.',
    labelNames: ['pipeline', 'step', 'phase'],
    registers: [this.#registry],
  });
  readonly #ended = new Counter({
    name: 'millrace_attempts_total',
    help: 'Attempts of steps that ended, by how.',
    labelNames: ['pipeline', 'step', 'phase', 'state'],
    registers: [this.#registry],
  });
  readonly #seconds = new Histogram({
    name: 'millrace_attempt_seconds',
    help: 'How long attempts of steps took.',
    labelNames: ['pipeline', 'step', 'phase'],
    buckets: SECONDS,
    registers: [this.#registry],
  });

  constructor(kind: string) {
    this.#registry.setDefaultLabels({ worker: kind });
    collectDefaultMetrics({ register: this.#registry });
  }

  begin({ pipeline, step, phase }: AttemptMeter): (state: string) => void {
    const labels = { pipeline, step, phase };
    this.#running.inc(labels);
    const began = performance.now();
    return (state) => {
      this.#running.dec(labels);
      this.#ended.inc({ ...labels, state });
      this.#seconds.observe(labels, (performance.now() - began) / 1000);
    };
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
