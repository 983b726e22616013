import type { Logger } from 'pino';
import type { Meters, Schedules, Stores } from '../activities/context.js';
import { loadConfig } from '../config/config-file.js';
import type { Env } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import type { Settings } from '../config/settings.js';
import type { LoadedProject } from '../project/load.js';
import { Duck } from '../store/duck.js';
import { hashJson } from '../store/hash.js';
import { openBuckets, openObjects } from '../store/objects/open.js';
import { SourceDatabases } from '../store/source-databases.js';
import { Backfills } from '../store/tables/backfills.js';
import { checkDatabase, openDatabase } from '../store/tables/database.js';
import { Failures } from '../store/tables/failures.js';
import { LogLines } from '../store/tables/log-lines.js';
import { pending } from '../store/tables/migrate.js';
import { ModelRegistry } from '../store/tables/model-registry.js';
import { Notices } from '../store/tables/notices.js';
import { Registry } from '../store/tables/registry.js';
import { Retention } from '../store/tables/retention.js';
import { StepCosts } from '../store/tables/step-costs.js';
import { Tokens } from '../store/tables/tokens.js';
import { Triggers } from '../store/tables/triggers.js';
import { ConfiguredAlerts } from './alerts/alerts.js';
import { codeHashes } from './code-hashes.js';
import { ThreadPool } from './threads.js';
import { ThreadWorkbooks } from './workbooks.js';

export interface Composed {
  stores: Stores;
  tokens: Tokens;
  /** Finds out whether store and tables can be worked with. @throws MillraceError MR_STORE, MR_SERVICE */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Puts together what the activities depend on. */
export async function composeStores(
  settings: Settings,
  place: Pick<Env, 'cwd' | 'config'>,
  { pipelines, hash }: LoadedProject,
  log: Logger,
  meters: Meters,
  schedules: Schedules,
): Promise<Composed> {
  const database = openDatabase({ ...settings.database }, (error) =>
    log.warn({ error: error.message }, 'a connection to Postgres broke'),
  );
  const parallel = new ThreadPool(settings.threads);
  const workbooks = new ThreadWorkbooks();
  const hashes = await codeHashes();
  const objects = await openObjects(settings);
  const config = async () => (await loadConfig(place.cwd, place.config)).value;
  const stores: Stores = {
    pipelines,
    objects,
    registry: new Registry(database),
    models: new ModelRegistry(database),
    logs: new LogLines(database),
    backfills: new Backfills(database),
    failures: new Failures(database),
    notices: new Notices(database),
    triggers: new Triggers(database),
    costs: new StepCosts(database),
    retention: new Retention(database),
    alerts: new ConfiguredAlerts(async () => (await config()).alerts, settings.alerts, log),
    retentionPolicy: async () => (await config()).retention,
    buckets: () => openBuckets(settings),
    databases: new SourceDatabases(settings.databases),
    duck: new Duck({
      memoryMiB: settings.memoryMiB,
      threads: settings.threads,
      scratch: await objects.scratch(),
    }),
    parallel,
    workbooks,
    log,
    meters,
    schedules,
    codeHash(step) {
      // A step of a project: the code of all of it, and ours that carries it out.
      const ofProject = hash === null ? undefined : hashJson([hash, hashes.own]);
      const own = hashes[step] ?? ofProject;
      if (own === undefined) throw new Error(`no code hash for the step "${step}"; run npm run build`);
      return own;
    },
  };
  return {
    stores,
    tokens: new Tokens(database),
    async check() {
      await objects.check();
      await checkDatabase(database);
      const lacking = await pending(database.pool);
      if (lacking.length === 0) return;
      throw new MillraceError('MR_SERVICE', `the tables are not those of this version: ${lacking.join(', ')} to come`, {
        next: 'millrace prepare brings them up to date',
      });
    },
    async close() {
      await workbooks.close();
      await parallel.close();
      await database.close();
    },
  };
}
