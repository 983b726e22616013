/** Something about a run that a person may want to know at once. */
export interface Notice {
  /** The same thing has the same id, however often it is told. */
  id: string;
  kind: 'failed' | 'left-out' | 'asks' | 'may-be-late' | 'late' | 'done' | 'test';
  runId: string | null;
  pipeline: string;
  /** `start/end` of runs that are for an interval. */
  interval: string | null;
  step: string | null;
  code: string | null;
  /** For people. */
  message: string;
  /** ISO. */
  at: string;
}

/** A notice, and who is to hear of it. */
export interface Told {
  notice: Notice;
  targets: string[];
}
