import { createServer, type Server } from 'node:net';

/** So far from a usual port lies the one that is held while somebody has it. */
const GUARD = 10_000;

/**
 * The usual port when it is free on loopback, otherwise any free one. Until a service listens on its port nobody else
 * sees that it is taken: so another one is held as long as this process lives, and two that start at once do not both
 * take the usual.
 */
export async function freePort(usual: number): Promise<number> {
  if (usual > 0 && usual + GUARD <= 65_535) {
    const guard = await listen(usual + GUARD);
    if (guard !== null) {
      const port = await tryPort(usual);
      if (port !== null) return port;
      guard.close();
    }
  }
  return (await tryPort(0))!;
}

async function tryPort(port: number): Promise<number | null> {
  const server = await listen(port);
  if (server === null) return null;
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : null;
}

/** Null where the port is taken. What listens keeps no process alive. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy()).unref();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
