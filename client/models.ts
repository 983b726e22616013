import { ModelRegistry } from '../store/tables/model-registry.js';
import type { Millrace } from './millrace.js';

export interface ModelSummary {
  model: string;
  version: number;
  champion: boolean;
  parent: number | null;
  createdAt: string;
  runId: string;
  /** Last day that it and the versions before it were trained on. */
  trainedTo: string | null;
  /** Why it became champion or not, and on which figures. */
  decision: Record<string, unknown> | null;
  params: Record<string, unknown>;
  lineage: Record<string, unknown>;
  metrics: Record<string, unknown>;
}

/** All versions of all models, or of one. @throws MillraceError MR_MODEL_MISSING when the named one is not there */
export async function listModels(millrace: Millrace, name?: string): Promise<ModelSummary[]> {
  let query = millrace.database.db
    .selectFrom('model_versions')
    .innerJoin('models', 'models.name', 'model_versions.model')
    .select([
      'model',
      'version',
      'champion',
      'parent',
      'model_versions.created_at',
      'run_id',
      'trained_to',
      'decision',
      'params',
      'lineage',
      'metrics',
    ])
    .orderBy('model')
    .orderBy('version');
  if (name !== undefined) query = query.where('model', '=', name);
  const rows = await query.execute();
  if (rows.length === 0 && name !== undefined) throw await new ModelRegistry(millrace.database).missing(name, null);
  return rows.map(({ champion, created_at, run_id, trained_to, ...row }) => ({
    ...row,
    champion: champion === row.version,
    createdAt: created_at.toISOString(),
    runId: run_id,
    trainedTo: trained_to,
  }));
}

/** One version, or the champion. @throws MillraceError MR_MODEL_MISSING */
export async function showModel(millrace: Millrace, name: string, version: number | null): Promise<ModelSummary> {
  const all = await listModels(millrace, name);
  const found = all.find((each) => (version === null ? each.champion : each.version === version));
  if (found !== undefined) return found;
  throw await new ModelRegistry(millrace.database).missing(name, version);
}

/**
 * Makes a version the one that prediction uses, from the next run on. Returns the champion before.
 * @throws MillraceError MR_MODEL_MISSING
 */
export async function promoteModel(
  millrace: Millrace,
  name: string,
  version: number,
  reason: string,
): Promise<number | null> {
  return new ModelRegistry(millrace.database).promote(name, version, reason);
}

/** Makes the champion before the present one champion again. @throws MillraceError MR_MODEL_MISSING */
export async function rollbackModel(
  millrace: Millrace,
  name: string,
  reason: string,
): Promise<{ from: number; to: number }> {
  return new ModelRegistry(millrace.database).rollback(name, reason);
}

/** Who was champion when, newest first. */
export async function listChampions(
  millrace: Millrace,
  name: string,
): Promise<{ version: number; since: string; reason: string }[]> {
  const rows = await millrace.database.db
    .selectFrom('championships')
    .select(['version', 'since', 'reason'])
    .where('model', '=', name)
    .orderBy('since', 'desc')
    .execute();
  return rows.map((row) => ({ ...row, since: row.since.toISOString() }));
}
