import { MillraceError } from './errors.js';

/**
 * What the machine, and nothing that was asked of it, made an error of: also where it was taken for the fault of a
 * file. Null: it was something else.
 */
export function machineError(error: unknown): MillraceError | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const [first = ''] = cause.message.split('\n');
    if (first.startsWith('Out of Memory Error')) {
      return new MillraceError(
        'MR_MEMORY',
        `DuckDB has not the memory it needs: ${first.replace(/^Out of Memory Error: /, '')}`,
        { next: 'set memoryMiB higher in millrace.yaml' },
        { cause: error },
      );
    }
    if (('code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT')) || /No space left on/.test(first)) {
      return new MillraceError(
        'MR_DISK_FULL',
        `a disk is full: ${first}`,
        { next: 'make room there; what is done so far is kept' },
        { cause: error },
      );
    }
  }
  return null;
}
