import { ERRORS, MillraceError } from '../config/errors.js';
import { machineError } from '../config/machine-errors.js';
import { MENDED_BY_ITS_MAKER, OF_THE_MACHINE } from '../dag/failure.js';
import type { Attempt } from './context.js';

/**
 * Does the work of one item. Returns how it failed, or null; what another try may mend, what the steps before mend and
 * what no item is to blame for is thrown.
 */
export async function failureOf(
  work: () => Promise<void>,
  { signal, last }: Attempt,
): Promise<{ code: string; message: string } | null> {
  try {
    await work();
    return null;
  } catch (thrown) {
    signal.throwIfAborted();
    const error = machineError(thrown) ?? thrown;
    const known = error instanceof MillraceError ? error.code : null;
    const others = known !== null && [...MENDED_BY_ITS_MAKER, ...OF_THE_MACHINE].includes(known);
    const mayBeMended = known === null || ERRORS[known].retry;
    if (others || (mayBeMended && !last)) throw error;
    return { code: known ?? 'MR_INTERNAL', message: error instanceof Error ? error.message : String(error) };
  }
}
