import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

export interface Certificates {
  /** Authority that signed the other; a file. */
  ca: string;
  cert: string;
  key: string;
}

/** An authority of our own, and a certificate of 127.0.0.1 that it signed. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: folder });
  const rsa = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  await openssl('req', '-x509', ...rsa, '-subj', '/CN=an authority of our own', '-keyout', 'ca.key', '-out', 'ca.crt');
  await openssl(
    ...['req', '-x509', ...rsa, '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
    // Temporal's own client takes no authority's certificate for a server's.
    ...['-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-CA', 'ca.crt', '-CAkey', 'ca.key', '-keyout', 'server.key', '-out', 'server.crt'],
  );
  return { ca: join(folder, 'ca.crt'), cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
}

/** Whether certificates can be made here; where nothing may be skipped, not to be able to is an error. */
export async function opensslMissing(): Promise<string | null> {
  try {
    await promisify(execFile)('openssl', ['version']);
    return null;
  } catch {
    const why = 'there is no openssl to make certificates with';
    if (process.env.MILLRACE_NO_SKIP === '1') throw new Error(why);
    return why;
  }
}

/** Listens with TLS and passes all on to a server without. Returns its port, and how to stop it. */
export async function tlsFront(
  { cert, key }: Certificates,
  port: number,
  protocols?: string[],
): Promise<{ port: number; stop(): void }> {
  const options = {
    cert: await readFile(cert),
    key: await readFile(key),
    ...(protocols !== undefined && { ALPNProtocols: protocols }),
  };
  const sockets = new Set<{ destroy(): void }>();
  const front = createServer(options, (outside) => {
    const inside = connect(port, '127.0.0.1');
    for (const socket of [outside, inside]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    outside.pipe(inside).pipe(outside);
  });
  front.on('tlsClientError', () => undefined);
  await new Promise<void>((listening) => front.listen(0, '127.0.0.1', listening));
  return {
    port: (front.address() as AddressInfo).port,
    stop() {
      front.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
