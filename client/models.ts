import { ModelRegistry } from '../store/tables/model-registry.js';
import type { Millrace } from './millrace.js';

export interface ModelSummary {
  model: string;
  version: number;
  champion: boolean;
  parent: number | null;
  createdAt: string;
  runId: string;
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
      'params',
      'lineage',
      'metrics',
    ])
    .orderBy('model')
    .orderBy('version');
  if (name !== undefined) query = query.where('model', '=', name);
  const rows = await query.execute();
  if (rows.length === 0 && name !== undefined) throw await new ModelRegistry(millrace.database).missing(name, null);
  return rows.map(({ champion, created_at, run_id, ...row }) => ({
    ...row,
    champion: champion === row.version,
    createdAt: created_at.toISOString(),
    runId: run_id,
  }));
}

/** Makes a version the one that prediction uses, from the next run on. @throws MillraceError MR_MODEL_MISSING */
export async function promoteModel(millrace: Millrace, name: string, version: number): Promise<void> {
  await new ModelRegistry(millrace.database).promote(name, version, 'promoted by hand');
}
