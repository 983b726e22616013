import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** Real data of others, which lie beside the project and not in it. */
export const shared = resolve('../shared/data');

/** Why tests with them cannot be run, or null. */
export const sharedMissing = existsSync(shared) ? null : `there are no data in ${shared}`;
