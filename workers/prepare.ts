import { Connection } from '@temporalio/client';
import { MillraceError } from '../config/errors.js';
import { SEARCH_ATTRIBUTES } from '../config/search-attributes.js';
import type { Settings } from '../config/settings.js';
import { openObjects } from '../store/objects/open.js';
import { checkDatabase, openDatabase } from '../store/tables/database.js';
import { migrate, pending } from '../store/tables/migrate.js';

/** INDEXED_VALUE_TYPE_KEYWORD of Temporal's API. */
const KEYWORD = 2;

/** Brings the database to the newest schema. Returns the migrations that were run. */
export async function prepareTables(settings: Settings): Promise<string[]> {
  const database = openDatabase({ ...settings.database, max: 1 }, () => undefined);
  try {
    await checkDatabase(database);
    return await migrate(database.pool);
  } finally {
    await database.close();
  }
}

/** Whether the database has the newest schema. @throws MillraceError MR_SERVICE */
export async function tablesAreReady(settings: Settings): Promise<boolean> {
  const database = openDatabase({ ...settings.database, max: 1 }, () => undefined);
  try {
    await checkDatabase(database);
    return (await pending(database.pool)).length === 0;
  } finally {
    await database.close();
  }
}

/** Registers our search attributes: a workflow that sets an unregistered one would stall. Returns those that were new. */
export async function prepareTemporal(settings: Settings): Promise<string[]> {
  const { namespace, ...options } = settings.temporal;
  const connection = await Connection.connect({ ...options, connectTimeout: '10 s' }).catch((cause: unknown) => {
    throw new MillraceError('MR_SERVICE', `Temporal at ${options.address} cannot be reached`, {}, { cause });
  });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const lacking = Object.values(SEARCH_ATTRIBUTES).filter((name) => !(name in (customAttributes ?? {})));
    if (lacking.length > 0) {
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(lacking.map((name) => [name, KEYWORD])),
      });
    }
    return lacking;
  } catch (cause) {
    throw new MillraceError(
      'MR_SERVICE',
      `the search attributes of the namespace "${namespace}" cannot be registered: ${(cause as Error).message}`,
      { next: `register them by hand, each as Keyword: ${Object.values(SEARCH_ATTRIBUTES).join(', ')}` },
      { cause },
    );
  } finally {
    await connection.close();
  }
}

/** Finds out whether the object store can be used; with `create`, makes its bucket where it is missing. */
export async function prepareStore(settings: Settings, create: boolean): Promise<string> {
  const objects = await openObjects(settings);
  if (create) await objects.create();
  await objects.check();
  return objects.describe('');
}
