import type { Millrace } from './millrace.js';
import { showRun } from './runs.js';

/** Readings of a run that could not be used. */
export interface Quarantine {
  /** How many there are, by reason. */
  reasons: Record<string, number>;
  /** Some of them, by file and record. */
  readings: { file: string; record: number; sensor: string | null; reason: string; raw: string | null }[];
}

export interface QuarantineFilter {
  reason?: string | undefined;
  offset: number;
  limit: number;
}

/** @throws MillraceError MR_RUN_UNKNOWN */
export async function readQuarantine(
  millrace: Millrace,
  runId: string,
  { reason, offset, limit }: QuarantineFilter,
): Promise<Quarantine> {
  await showRun(millrace, runId);
  const all = millrace.database.db.selectFrom('quarantine').where('run_id', '=', runId);
  const some = reason === undefined ? all : all.where('reason', '=', reason);
  const [counts, rows] = await Promise.all([
    all
      .select(['reason', (eb) => eb.fn.countAll<string>().as('n')])
      .groupBy('reason')
      .orderBy('reason')
      .execute(),
    some
      .select(['file', 'record', 'sensor', 'reason', 'raw'])
      .orderBy('file')
      .orderBy('record')
      .offset(offset)
      .limit(limit)
      .execute(),
  ]);
  return {
    reasons: Object.fromEntries(counts.map((each) => [each.reason, Number(each.n)])),
    readings: rows.map((row) => ({ ...row, record: Number(row.record) })),
  };
}
