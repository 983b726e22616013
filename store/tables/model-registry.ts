import { sql, type Transaction } from 'kysely';
import { MillraceError } from '../../config/errors.js';
import type { Ref } from '../../dag/ref.js';
import type { Database } from './database.js';
import type { Tables } from './schema.js';

export interface ModelVersion {
  model: string;
  version: number;
  runId: string;
  parent: number | null;
  artefact: Ref;
  creator: Ref;
  params: Record<string, unknown>;
  lineage: Record<string, unknown>;
  metrics: Record<string, unknown>;
  /** Last day that it and the versions before it were trained on; null where that is not known. */
  trainedTo: string | null;
}

/** Whether a new version is to become champion, and why. */
export interface PromotionDecision {
  promote: boolean;
  reason: string;
  /** The champion that the decision rests on, or null: that there was none. */
  champion: number | null;
  /** It rests on nothing: whoever is champion, it is promoted. */
  always: boolean;
}

/** Who listens on this channel of Postgres is told the name of every model that gets another champion. */
export const CHAMPION_CHANNEL = 'millrace_champion';

/** Model versions, and which of them is champion. */
export class ModelRegistry {
  constructor(private readonly database: Database) {}

  /** The champion of a model, or the version asked for; null when the model has none. */
  async find(model: string, version: number | null): Promise<ModelVersion | null> {
    const { db } = this.database;
    const row = await db
      .selectFrom('model_versions')
      .innerJoin('models', 'models.name', 'model_versions.model')
      .selectAll('model_versions')
      .where('model', '=', model)
      .where((eb) => eb('version', '=', version ?? eb.ref('models.champion')))
      .executeTakeFirst();
    return row === undefined ? null : toVersion(row);
  }

  /** Names and versions there are, for messages. */
  async names(): Promise<{ name: string; versions: number[]; champion: number | null }[]> {
    const rows = await this.database.db
      .selectFrom('models')
      .leftJoin('model_versions', 'model', 'name')
      .select(['name', 'champion', 'version'])
      .orderBy('name')
      .orderBy('version')
      .execute();
    const models = new Map<string, { name: string; versions: number[]; champion: number | null }>();
    for (const { name, champion, version } of rows) {
      const model = models.get(name) ?? { name, versions: [], champion };
      if (version !== null) model.versions.push(version);
      models.set(name, model);
    }
    return [...models.values()];
  }

  /**
   * Registers a version, once per run, and makes it champion in the same transaction when the decision says so and
   * still holds: a decision that rests on a comparison with another champion than there is now does not.
   */
  async publish(
    version: Omit<ModelVersion, 'version'>,
    decision: PromotionDecision,
  ): Promise<{ version: number; champion: boolean; reason: string }> {
    return this.database.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('models')
        .values({ name: version.model, champion: null })
        .onConflict((oc) => oc.doNothing())
        .execute();
      const before = await lockChampion(tx, version.model);
      const own = await tx
        .selectFrom('model_versions')
        .select(['version', 'decision'])
        .where((eb) => eb.and({ model: version.model, run_id: version.runId }))
        .executeTakeFirst();
      if (own !== undefined) {
        return { version: own.version, champion: before === own.version, reason: String(own.decision?.reason ?? '') };
      }
      const last = await tx
        .selectFrom('model_versions')
        .select((eb) => eb.fn.max('version').as('version'))
        .where('model', '=', version.model)
        .executeTakeFirst();
      const next = (last?.version ?? 0) + 1;
      const overtaken = decision.promote && !decision.always && decision.champion !== before;
      const champion = decision.promote && !overtaken;
      const reason = overtaken
        ? `the champion became version ${before} meanwhile; this one was ${decision.champion === null ? 'the first when it began' : `compared with version ${decision.champion}`}`
        : decision.reason;
      await tx
        .insertInto('model_versions')
        .values({
          model: version.model,
          version: next,
          run_id: version.runId,
          parent: version.parent,
          artefact: JSON.stringify(version.artefact),
          creator: JSON.stringify(version.creator),
          params: JSON.stringify(version.params),
          lineage: JSON.stringify(version.lineage),
          metrics: JSON.stringify(version.metrics),
          trained_to: version.trainedTo,
          decision: JSON.stringify({ ...decision, promote: champion, reason }),
        })
        .execute();
      if (champion) await crown(tx, version.model, next, reason);
      return { version: next, champion, reason };
    });
  }

  /** Makes a version champion. Returns the one before. @throws MillraceError MR_MODEL_MISSING */
  async promote(model: string, version: number, reason: string): Promise<number | null> {
    if ((await this.find(model, version)) === null) throw await this.missing(model, version);
    return this.database.db.transaction().execute(async (tx) => {
      const before = await lockChampion(tx, model);
      if (before !== version) await crown(tx, model, version, reason);
      return before;
    });
  }

  /**
   * Makes the version champion again that was it before the present one first became it.
   * @throws MillraceError MR_MODEL_MISSING when there was none
   */
  async rollback(model: string, reason: string): Promise<{ from: number; to: number }> {
    if (!(await this.names()).some(({ name }) => name === model)) throw await this.missing(model, null);
    return this.database.db.transaction().execute(async (tx) => {
      const from = await lockChampion(tx, model);
      const history = await tx
        .selectFrom('championships')
        .select('version')
        .where('model', '=', model)
        .orderBy('since')
        .execute();
      const first = history.findIndex(({ version }) => version === from);
      const to = history[first - 1]?.version;
      if (from === null || to === undefined) {
        throw new MillraceError('MR_MODEL_MISSING', `${model} had no champion before version ${from ?? 'the first'}`, {
          next: `name the version: millrace models promote ${model}@<version>`,
        });
      }
      await crown(tx, model, to, reason);
      return { from, to };
    });
  }

  async missing(model: string, version: number | null): Promise<MillraceError> {
    const models = await this.names();
    const own = models.find(({ name }) => name === model);
    const found =
      version === null ? `there is no model "${model}"` : `there is no version ${version} of the model "${model}"`;
    const there = models.map(({ name, versions }) => `${name} (versions ${versions.join(', ')})`).join('; ');
    return new MillraceError('MR_MODEL_MISSING', found, {
      allowed:
        own !== undefined
          ? `its versions: ${own.versions.join(', ')}`
          : there === ''
            ? 'no model was trained yet'
            : `models: ${there}`,
      next: there === '' ? 'train one: millrace run sensor-training --set source=…' : 'millrace models list shows all',
    });
  }
}

function toVersion(row: {
  model: string;
  version: number;
  run_id: string;
  parent: number | null;
  artefact: Ref;
  creator: Ref;
  params: Record<string, unknown>;
  lineage: Record<string, unknown>;
  metrics: Record<string, unknown>;
  trained_to: string | null;
}): ModelVersion {
  const { run_id: runId, trained_to: trainedTo, ...rest } = row;
  return { ...rest, runId, trainedTo };
}

/** The champion, locked until the transaction ends. */
async function lockChampion(tx: Transaction<Tables>, model: string): Promise<number | null> {
  const row = await tx.selectFrom('models').select('champion').where('name', '=', model).forUpdate().executeTakeFirst();
  return row?.champion ?? null;
}

async function crown(tx: Transaction<Tables>, model: string, version: number, reason: string): Promise<void> {
  await tx.updateTable('models').set({ champion: version }).where('name', '=', model).execute();
  await tx.insertInto('championships').values({ model, version, reason }).execute();
  // Told when the transaction commits, and only then.
  await sql`SELECT pg_notify(${CHAMPION_CHANNEL}, ${model})`.execute(tx);
}
