import { readEnv } from '../config/env.js';
import { loadSettings } from '../config/settings.js';
import { prepareStore, prepareTables, prepareTemporal } from '../workers/prepare.js';
import type { Output } from './output.js';

/** Makes services of one's own ready for the workers: tables, search attributes, the object store. */
export async function prepareCommand(out: Output, bucket: boolean): Promise<void> {
  const settings = await loadSettings(readEnv());
  const migrations = await prepareTables(settings);
  const attributes = await prepareTemporal(settings);
  const store = await prepareStore(settings, bucket);
  out.document({ migrations, attributes, store });
  const news = (list: string[]) => (list.length === 0 ? 'up to date' : `added ${list.join(', ')}`);
  out.print(
    out
      .table(
        ['', ''],
        [
          ['tables', news(migrations)],
          ['search attributes', news(attributes)],
          ['object store', store],
        ],
      )
      .split('\n')
      .slice(1)
      .join('\n'),
  );
}
