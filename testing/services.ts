import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../config/errors.js';
import type { ServicesMessage } from './test-env.js';

let home: Promise<string> | undefined;

/** The work folder of services that live as long as this process; they are started when they are first needed. */
export function servicesHome(): Promise<string> {
  home ??= start();
  return home;
}

function start(): Promise<string> {
  const child = fork(fileURLToPath(new URL('services-main.js', import.meta.url)), [], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      home = undefined;
      reject(new MillraceError('MR_SERVICE', `the services for tests did not start: ${why}`));
    };
    child.once('exit', (code) => fail(`they ended with ${code}`));
    child.once('message', (message: ServicesMessage) => {
      if ('error' in message) return fail(message.error);
      child.removeAllListeners('exit');
      // Neither keeps this process from ending.
      child.unref();
      child.channel?.unref();
      resolve(message.home);
    });
  });
}
