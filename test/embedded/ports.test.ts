import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../embedded/ports.js';

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

function listen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    open.push(server);
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** One that is free, and the one that guards it. */
const usual = async () => 20_000 + ((await listen(0)) % 2000);

it('is the usual one where it is free', async () => {
  const port = await usual();
  expect(await freePort(port)).toBe(port);
});

it('is given to one of two that start at once, before either listens', async () => {
  const port = await usual();
  const both = await Promise.all([freePort(port), freePort(port)]);
  expect(both.filter((each) => each === port)).toHaveLength(1);
  expect(both.every((each) => each > 0)).toBe(true);
});

it('is another where somebody listens, and the usual one again when that has ended', async () => {
  const port = await usual();
  await listen(port);
  expect(await freePort(port)).not.toBe(port);
  const ended = open.pop()!;
  await new Promise((closed) => ended.close(closed));
  expect(await freePort(port)).toBe(port);
});
