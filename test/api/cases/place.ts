import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { run } from '../../../api/contracts/runs.js';
import type { Workplace } from '../../support/cli.js';
import { type Rest, said } from '../../support/rest.js';

/** Where the cases find what was made for all of them: the demo has run, the server listens. */
export interface Place {
  work: Workplace;
  rest: Rest;
  /** Folder of the demo's readings. */
  sample: string;
  /** Folder of readings that take some seconds to work through. */
  plant: string;
}

export type Run = z.output<typeof run>;

export const runPath = (id: string) => `/api/v1/runs/${encodeURIComponent(id)}`;

/** A short run: what it needs is there already. */
export const shortRun = ({ sample }: Place) => ({
  pipeline: 'sensor-prediction',
  params: { source: sample, model: 'demo', from: '2026-03-15' },
});

/** A run of some seconds: in a zone that no other run used, everything is to be made. */
export const longRun = ({ plant }: Place, tz: string) => ({
  pipeline: 'sensor-training',
  params: { source: plant, model: 'plant', tz, refit: true },
});

/** Waits until a run is in one of these states. */
export async function untilState({ rest }: Place, id: string, ...states: Run['state'][]): Promise<Run> {
  for (;;) {
    const answer = await rest.get(runPath(id));
    if (![200, 404].includes(answer.status)) throw new Error(`${answer.path}: ${answer.status} ${answer.text}`);
    if (answer.status === 200) {
      const found = said(run, answer);
      if (states.includes(found.state)) return found;
      if (found.state !== 'running') throw new Error(`the run ${id} is ${found.state}: ${answer.text}`);
    }
    await sleep(100);
  }
}

/** Waits until a run is in the middle of its steps. */
export async function untilWorking({ rest }: Place, id: string): Promise<void> {
  for (;;) {
    const answer = await rest.get(runPath(id));
    if (answer.status === 200 && said(run, answer).attempts.length > 0) return;
    await sleep(50);
  }
}

/** Stops a process for a while, as if it were very slow. */
export async function held<T>(pid: number, work: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}
