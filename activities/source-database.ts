import { join } from 'node:path';
import { MillraceError } from '../config/errors.js';
import { adoptFile } from '../store/frames.js';
import type { Stores } from './context.js';
import type { SourceFile } from './source.js';
import { withScratch } from './source-local.js';

export const isDatabaseUrl = (path: string) => /^postgres(ql)?:\/\//.test(path);

/**
 * Asks a database and keeps the answer: what is read later is what was answered now.
 * @throws MillraceError MR_PARAM, MR_SOURCE_MISSING, MR_SERVICE, MR_SQL
 */
export async function askDatabase(
  stores: Stores,
  source: string,
  query: string | null,
  signal: AbortSignal,
): Promise<SourceFile> {
  const name = /^postgres(?:ql)?:\/\/([A-Za-z0-9_]+)$/.exec(source)?.[1];
  if (name === undefined) {
    // What it says instead may be a password: it is not repeated.
    throw new MillraceError('MR_PARAM', 'the source names its database in another way than by its name', {
      allowed: 'postgres://name; where it is and who may enter, the workers know from MILLRACE_DATABASE_NAME',
    });
  }
  if (query === null) {
    throw new MillraceError('MR_PARAM', `nothing is asked of the database "${name}"`, {
      next: 'say what: --set query="select time, sensor, value from …"',
    });
  }
  return withScratch(stores, async (scratch) => {
    const path = join(scratch, 'answer.csv');
    await stores.databases.writeCsv(name, query, path, signal);
    const object = await adoptFile(stores.objects, 'answers', path, 'csv');
    return {
      path: `postgres://${name}`,
      name: '',
      bytes: object.bytes,
      modifiedMs: Date.now(),
      sha256: object.sha256,
      object,
    };
  });
}
