import { join } from 'node:path';
import { type Env, readEnv } from '../config/env.js';

/** What the process of the services tells the one of the tests. */
export type ServicesMessage = { home: string } | { error: string };

/** The environment of tests: whatever else it says, services and store are those in `home`. */
export function testEnv(home: string): Env {
  return {
    ...readEnv(),
    home,
    store: join(home, 'store'),
    scratch: join(home, 'scratch'),
    temporalAddress: undefined,
    temporalNamespace: 'default',
    temporalConnection: {},
    databaseUrl: undefined,
    buildId: undefined,
    metrics: undefined,
  };
}
