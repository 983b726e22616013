/**
 * Every error Millrace raises on purpose. `retry` says whether trying the same again can mend it, `exit` which code
 * the command line ends with: 1 the run failed, 2 the call was wrong, 3 a service cannot be reached.
 */
export const ERRORS = {
  MR_ACCOUNT: { retry: false, exit: 1, meaning: 'The account of readings does not add up; nothing was published.' },
  MR_ALERT: { retry: true, exit: 1, meaning: 'Somebody who was to be told could not be.' },
  MR_ALL_FAILED: {
    retry: false,
    exit: 1,
    meaning: 'All that a step was to work on failed; nothing is left to go on with.',
  },
  MR_BACKFILL: { retry: false, exit: 2, meaning: 'The backfill cannot be made so.' },
  MR_BACKFILL_STATE: { retry: false, exit: 1, meaning: 'As the backfill stands, that cannot be done with it.' },
  MR_BACKFILL_UNKNOWN: { retry: false, exit: 2, meaning: 'There is no backfill of that name.' },
  MR_BODY_TOO_LARGE: { retry: false, exit: 2, meaning: 'The body of the request is larger than is allowed.' },
  MR_CALL: { retry: false, exit: 2, meaning: 'The call has something in it that is not taken.' },
  MR_CANCELLED: { retry: false, exit: 1, meaning: 'The run was cancelled.' },
  MR_CHUNK_UNKNOWN: { retry: false, exit: 2, meaning: 'The run has no such chunk.' },
  MR_COLUMN_MISSING: { retry: false, exit: 2, meaning: 'A column that is needed is not in the file.' },
  MR_CONFIG: { retry: false, exit: 2, meaning: 'The configuration file cannot be used.' },
  MR_CREATOR_MISMATCH: { retry: false, exit: 2, meaning: 'The model was trained with another feature creator.' },
  MR_DISK_FULL: { retry: true, exit: 1, meaning: 'There is no room left where something is to be written.' },
  MR_DUPLICATES: {
    retry: false,
    exit: 1,
    meaning: 'A sensor has several readings at one time, and they are not allowed.',
  },
  MR_FILE_UNREADABLE: {
    retry: false,
    exit: 1,
    meaning: 'A file of the source cannot be read as what it claims to be.',
  },
  MR_INTERNAL: { retry: true, exit: 1, meaning: 'Something went wrong that nobody foresaw.' },
  MR_KEY_REUSED: { retry: false, exit: 2, meaning: 'The key was used for a run with other params.' },
  MR_LIMIT: { retry: false, exit: 2, meaning: 'A run would go beyond what it may.' },
  MR_MEMORY: { retry: false, exit: 1, meaning: 'The work needs more memory than it may use.' },
  MR_MODEL_MISSING: { retry: false, exit: 2, meaning: 'There is no such model, version or champion.' },
  MR_NO_CHUNKS: { retry: false, exit: 1, meaning: 'No usable reading is left after selection and quarantine.' },
  MR_NO_FEATURES: { retry: false, exit: 1, meaning: 'No feature is left to train on.' },
  MR_OBJECT_CORRUPT: { retry: false, exit: 1, meaning: 'A stored object differs from its hash; it is made again.' },
  MR_OBJECT_MISSING: { retry: false, exit: 1, meaning: 'A stored object is gone; it is made again.' },
  MR_PARAM: { retry: false, exit: 2, meaning: 'A param is unknown or out of its range.' },
  MR_PIPELINE_UNKNOWN: { retry: false, exit: 2, meaning: 'There is no pipeline of that name.' },
  MR_PROJECT: { retry: false, exit: 2, meaning: 'The project of the configuration file cannot be used.' },
  MR_RATE: { retry: true, exit: 2, meaning: 'There were too many requests in a minute.' },
  MR_ROLE: { retry: false, exit: 2, meaning: 'The token does not let its holder do that.' },
  MR_RUN_FAILED: { retry: false, exit: 1, meaning: 'The run ended with a failure.' },
  MR_RUN_STATE: { retry: false, exit: 1, meaning: 'As the run stands, that cannot be done with it.' },
  MR_RUN_UNKNOWN: { retry: false, exit: 2, meaning: 'There is no run of that id.' },
  MR_SCHEDULE: { retry: false, exit: 2, meaning: 'The schedule cannot be made so.' },
  MR_SCHEDULE_UNKNOWN: { retry: false, exit: 2, meaning: 'There is no schedule of that name.' },
  MR_SERVICE: { retry: true, exit: 3, meaning: 'A service that is needed cannot be reached.' },
  MR_SOURCE_CHANGED: { retry: false, exit: 1, meaning: 'A file of the source changed while it was read.' },
  MR_SOURCE_EMPTY: { retry: false, exit: 1, meaning: 'The source holds no records.' },
  MR_SOURCE_MISSING: { retry: false, exit: 2, meaning: 'The source does not exist or matches no file.' },
  MR_SPACE: { retry: false, exit: 1, meaning: 'The bounded local space is too small for what a batch needs.' },
  MR_SQL: { retry: false, exit: 2, meaning: 'The query was refused.' },
  MR_STEP: { retry: false, exit: 1, meaning: 'A step of the project failed, or gave what it may not give.' },
  MR_STORE: { retry: false, exit: 3, meaning: 'The object store cannot be used as it is configured.' },
  MR_TIME_AMBIGUOUS: {
    retry: false,
    exit: 2,
    meaning: 'Dates may be read with the day or with the month first, and nothing in the files says which.',
  },
  MR_TOKEN: { retry: false, exit: 2, meaning: 'The server is to be called with a token that it knows.' },
  MR_TOO_FEW_CHUNKS: { retry: false, exit: 1, meaning: 'There are fewer chunks than clusters.' },
  MR_TRIGGER: { retry: false, exit: 2, meaning: 'The trigger cannot be made so.' },
  MR_TRIGGER_UNKNOWN: { retry: false, exit: 2, meaning: 'There is no trigger of that name.' },
  MR_ZONE_UNKNOWN: { retry: false, exit: 2, meaning: 'The time zone is not in the IANA database.' },
} as const satisfies Record<string, { retry: boolean; exit: 1 | 2 | 3; meaning: string }>;

export type ErrorCode = keyof typeof ERRORS;

export const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && code in ERRORS;

/** An error a person can act on: what was found, what is allowed, what to do next. */
export class MillraceError extends Error {
  override readonly name = 'MillraceError';

  constructor(
    readonly code: ErrorCode,
    found: string,
    readonly advice: { allowed?: string; next?: string } = {},
    options?: ErrorOptions,
  ) {
    super([found, advice.allowed, advice.next].filter(Boolean).join('\n  '), options);
  }

  get exitCode(): number {
    return ERRORS[this.code].exit;
  }
}
