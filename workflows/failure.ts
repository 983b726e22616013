import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';

/** What went wrong, as it is recorded. */
export function explain(error: unknown): { code: string; message: string } {
  if (isCancellation(error)) return { code: 'MR_CANCELLED', message: 'the run was cancelled' };
  const cause = error instanceof ActivityFailure && error.cause !== undefined ? error.cause : error;
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'MR_RUN_FAILED', message: cause.message };
  return { code: 'MR_RUN_FAILED', message: cause instanceof Error ? cause.message : String(cause) };
}
