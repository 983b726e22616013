/** What follows when something failed for good: the run fails, goes on without it, or waits for a person. */
export type OnFailure = 'fail' | 'skip' | 'wait';

/** What a person may decide: it is done again, the run goes on without it, or fails. */
export type Decision = 'retry' | 'skip' | 'abort';

/** Where something failed for good, and what can be done. */
export interface Question {
  step: string;
  phase: 'once' | 'plan' | 'batch' | 'gather';
  /** Of a batch its number, else 0. */
  batch: number;
  code: string;
  message: string;
  can: Decision[];
}

/** An item of a mapped step that the run went on without. */
export interface FailedItem {
  /** Its place in the worklist. */
  at: number;
  /** The path of a file, or a day. */
  item: string;
  day: string | null;
  /** Usable readings that are missing with it; null: nobody knows. */
  readings: number | null;
  code: string;
  message: string;
}

/** Damage that the steps before mend, when they are run again. */
export const MENDED_BY_ITS_MAKER: readonly string[] = ['MR_OBJECT_MISSING', 'MR_OBJECT_CORRUPT'];

/** What no item is to blame for: without it, the next would fail too. */
export const OF_THE_MACHINE: readonly string[] = ['MR_SERVICE', 'MR_STORE', 'MR_DISK_FULL', 'MR_CONFIG'];
