import { sql } from 'kysely';
import { MillraceError } from '../config/errors.js';
import type { Millrace } from './millrace.js';
import { showRun } from './runs.js';

/** A table that a run read. */
export interface RunFile {
  path: string;
  /** Of the file's content. */
  sha256: string;
  bytes: number;
  readings: number;
}

/** From a chunk of a run back to what it was made of. */
export interface ChunkLineage {
  runId: string;
  chunk: { sensor: string; day: string; readings: number; valueHash: string };
  /** Where it was predicted to lie. */
  prediction: { cluster: number; distance: number; novel: boolean } | null;
  /** The version that predicted it, or that was trained on it, with the hashes of what that was made of. */
  model: { name: string; version: number; runId: string; lineage: Record<string, unknown> } | null;
  /** The files that have readings of that day. */
  files: RunFile[];
}

/** What a file went into. */
export interface FileUse {
  path: string;
  sha256: string;
  runId: string;
  pipeline: string;
  startedAt: string;
  /** Chunks of the days that the file has readings of. */
  chunks: number;
  predictions: number;
  models: { name: string; version: number; champion: boolean }[];
}

/** The tables that a run read, by path. @throws MillraceError MR_RUN_UNKNOWN */
export async function listRunFiles(millrace: Millrace, runId: string): Promise<RunFile[]> {
  await showRun(millrace, runId);
  return filesOf(millrace, runId, null);
}

/**
 * From a chunk of a run, or its prediction, back to model version, creator and source files.
 * @throws MillraceError MR_RUN_UNKNOWN; MR_CHUNK_UNKNOWN when the run has no such chunk
 */
export async function traceChunk(
  millrace: Millrace,
  runId: string,
  sensor: string,
  day: string,
): Promise<ChunkLineage> {
  await showRun(millrace, runId);
  const { db } = millrace.database;
  const chunk = await db
    .selectFrom('chunks')
    .select(['readings', 'value_hash'])
    .where((eb) => eb.and({ run_id: runId, sensor, day }))
    .executeTakeFirst();
  if (chunk === undefined) {
    throw new MillraceError('MR_CHUNK_UNKNOWN', `the run ${runId} has no chunk of "${sensor}" on ${day}`, {
      next: `millrace sql "select sensor, day from chunks where run_id = '${runId}'" lists them`,
    });
  }
  const prediction = await db
    .selectFrom('predictions')
    .select(['cluster', 'distance', 'novel', 'model', 'version'])
    .where((eb) => eb.and({ run_id: runId, sensor, day }))
    .executeTakeFirst();
  const versions = db.selectFrom('model_versions').select(['model', 'version', 'run_id', 'lineage']);
  const model = await (prediction === undefined
    ? versions.where('run_id', '=', runId)
    : versions.where('model', '=', prediction.model).where('version', '=', prediction.version)
  ).executeTakeFirst();
  return {
    runId,
    chunk: { sensor, day, readings: chunk.readings, valueHash: chunk.value_hash },
    prediction:
      prediction === undefined
        ? null
        : { cluster: prediction.cluster, distance: prediction.distance, novel: prediction.novel },
    model:
      model === undefined
        ? null
        : { name: model.model, version: model.version, runId: model.run_id, lineage: model.lineage },
    files: await filesOf(millrace, runId, day),
  };
}

/** Every run that read a file, and what became of it there; the newest first. @param file its path, or the hash of its content */
export async function traceFile(millrace: Millrace, file: string): Promise<FileUse[]> {
  const { db } = millrace.database;
  const rows = await db
    .selectFrom('source_files as f')
    .innerJoin('runs as r', 'r.id', 'f.run_id')
    .select([
      'f.path',
      'f.sha256',
      'r.id as run_id',
      'r.pipeline',
      'r.started_at',
      sql<string>`(SELECT count(*) FROM chunks c WHERE c.run_id = r.id AND f.days @> c.day)`.as('chunks'),
      sql<string>`(SELECT count(*) FROM predictions p WHERE p.run_id = r.id AND f.days @> p.day)`.as('predictions'),
    ])
    .where((eb) => eb.or([eb('f.path', '=', file), eb('f.sha256', '=', file)]))
    .orderBy('r.started_at', 'desc')
    .execute();
  if (rows.length === 0) return [];
  const made = await db
    .selectFrom('model_versions as v')
    .innerJoin('models as m', 'm.name', 'v.model')
    .select(['v.run_id', 'v.model', 'v.version', 'm.champion'])
    .where('v.run_id', 'in', [...new Set(rows.map((row) => row.run_id))])
    .execute();
  return rows.map((row) => ({
    path: row.path,
    sha256: row.sha256,
    runId: row.run_id,
    pipeline: row.pipeline,
    startedAt: row.started_at.toISOString(),
    chunks: Number(row.chunks),
    predictions: Number(row.predictions),
    models: made
      .filter((version) => version.run_id === row.run_id)
      .map(({ model, version, champion }) => ({ name: model, version, champion: champion === version })),
  }));
}

async function filesOf({ database }: Millrace, runId: string, day: string | null): Promise<RunFile[]> {
  let query = database.db
    .selectFrom('source_files')
    .select(['path', 'sha256', 'bytes', 'readings'])
    .where('run_id', '=', runId)
    .orderBy('path');
  if (day !== null) query = query.where(sql<boolean>`days @> ${day}::date`);
  const rows = await query.execute();
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes), readings: Number(row.readings) }));
}
