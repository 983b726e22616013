/**
 * Task queues: one for workflows and one per step, so that each step can run in a worker of its own.
 * Queue names are constants: a wrong name would wait for ever.
 */
export const WORKFLOW_QUEUE = 'millrace.workflow';

export const STEP_QUEUES = {
  resolve: 'millrace.resolve',
  read: 'millrace.read',
  chunk: 'millrace.chunk',
  features: 'millrace.features',
  fit: 'millrace.fit',
  transform: 'millrace.transform',
  train: 'millrace.train',
  evaluate: 'millrace.evaluate',
  predict: 'millrace.predict',
  publish: 'millrace.publish',
  report: 'millrace.report',
  own: 'millrace.own',
} as const;

export type StepQueue = keyof typeof STEP_QUEUES;

/** Which steps' queues one worker process of a kind serves; `own` those of a project. `all` is the embedded default. */
export const WORKER_KINDS = {
  workflow: ['resolve'],
  chunk: ['read', 'chunk'],
  features: ['features', 'fit', 'transform'],
  train: ['train', 'evaluate', 'predict'],
  publish: ['publish', 'report'],
  own: ['own'],
} as const satisfies Record<string, readonly StepQueue[]>;

export type WorkerKind = keyof typeof WORKER_KINDS;
