import type { Settings } from '../config/settings.js';
import { openDatabase } from '../store/tables/database.js';
import { migrate } from '../store/tables/migrate.js';

/** Brings the database to the newest schema. */
export async function prepareTables(settings: Settings): Promise<void> {
  const database = openDatabase({ ...settings.database, max: 1 }, () => undefined);
  try {
    await migrate(database.pool);
  } finally {
    await database.close();
  }
}
