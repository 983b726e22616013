import { listSheets, sheetToCsv } from '../activities/source-workbook.js';
import { MillraceError } from '../config/errors.js';

/** What comes back of a task: errors lose their class between threads. */
export type Answer<T> = { value: T } | { code: MillraceError['code']; message: string };

export const sheets = ({ path }: { path: string }) => answer(() => listSheets(path));

export const toCsv = ({ path, sheet, target }: { path: string; sheet: string; target: string }) =>
  answer(() => sheetToCsv(path, sheet, target));

async function answer<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof MillraceError) return { code: error.code, message: error.message };
    throw error;
  }
}
