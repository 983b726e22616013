import { MillraceError } from '../config/errors.js';
import type { Millrace } from './millrace.js';

export interface SqlResult {
  columns: string[];
  rows: unknown[][];
}

/** Longest time a query may take. */
const TIMEOUT_MS = 60_000;

/**
 * Runs one reading statement. It is sent by the protocol that takes a single statement, in a transaction that can only
 * read, so nothing in the text can write.
 * @throws MillraceError MR_SQL with what Postgres says
 */
export async function selectSql(millrace: Millrace, text: string): Promise<SqlResult> {
  const client = await millrace.database.pool.connect();
  let failed: Error | undefined;
  try {
    await client.query('BEGIN READ ONLY');
    await client.query(`SET LOCAL statement_timeout = ${TIMEOUT_MS}`);
    const extended = { text, rowMode: 'array' as const, queryMode: 'extended' as const };
    const result = await client.query<unknown[]>(extended);
    return { columns: result.fields.map(({ name }) => name), rows: result.rows };
  } catch (error) {
    failed = error as Error;
    throw new MillraceError('MR_SQL', failed.message, {
      allowed:
        'one statement that reads; tables: runs, step_attempts, chunks, quarantine, metrics, models, model_versions, championships, predictions, chunk_values',
    });
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release(failed !== undefined && !('severity' in failed) ? failed : undefined);
  }
}
