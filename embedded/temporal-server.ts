import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { MillraceError } from '../config/errors.js';
import { SEARCH_ATTRIBUTES } from '../config/search-attributes.js';
import type { Home } from './home.js';

export interface TemporalServer {
  child: ChildProcess;
  address: string;
  ui: string;
}

/** Starts the Temporal server on loopback, with its UI, its database in the work folder and our search attributes. */
export async function startTemporal(
  home: Home,
  binary: string,
  ports: { grpc: number; ui: number },
  namespace: string,
): Promise<TemporalServer> {
  const log = await open(home.log('temporal'), 'a');
  const child = spawn(
    binary,
    [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(ports.grpc), '--ui-port', String(ports.ui)],
      ...[
        '--db-filename',
        home.temporal(),
        '--sqlite-pragma',
        'journal_mode=wal',
        '--sqlite-pragma',
        'synchronous=normal',
      ],
      ...['--namespace', namespace, '--log-level', 'error'],
      ...Object.values(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ],
    { detached: true, stdio: ['ignore', log.fd, log.fd] },
  );
  await log.close();
  const address = `127.0.0.1:${ports.grpc}`;
  await waitUntilReady(home, child, address, namespace);
  return { child, address, ui: `http://127.0.0.1:${ports.ui}` };
}

async function waitUntilReady(home: Home, child: ChildProcess, address: string, namespace: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  let last: unknown;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: '1 s' });
      try {
        await connection.workflowService.describeNamespace({ namespace });
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      last = error;
      await sleep(50);
    }
  }
  const tail = (await readFile(home.log('temporal'), 'utf8').catch(() => '')).trim().split('\n').slice(-3).join('\n  ');
  throw new MillraceError('MR_SERVICE', `the Temporal server did not start:\n  ${tail || String(last)}`, {
    next: `its log: ${home.log('temporal')}`,
  });
}
