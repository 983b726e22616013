import { chmod, chown, copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';
import { type S3Server, s3Missing, startS3 } from '../support/s3-server.js';
import { type Certificates, makeCertificates, opensslMissing, tlsFront } from '../support/tls.js';

const missing = (await opensslMissing()) ?? s3Missing();

interface Services {
  temporal: { address: string };
  postgres: { port: number };
}

/** A cluster of one's own: Temporal, Postgres and S3, each behind TLS with a certificate that no public authority signed. */
describe.skipIf(missing !== null)(`services behind TLS${missing === null ? '' : `: ${missing}`}`, () => {
  let folder: string;
  let embedded: Workplace;
  let s3: S3Server;
  let certificates: Certificates;
  let env: Record<string, string>;
  const stops: (() => void)[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'));
    await chmod(folder, 0o711);
    certificates = await makeCertificates(folder);
    s3 = await startS3();
    embedded = await Workplace.create();
    await embedded.run('runs', 'list');
    const { temporal, postgres } = JSON.parse(await readFile(join(embedded.home, 'services.json'), 'utf8')) as Services;
    await turnOnPostgresTls(embedded, postgres.port, certificates);
    const temporalFront = await tlsFront(certificates, Number(temporal.address.split(':')[1]), ['h2']);
    const s3Front = await tlsFront(certificates, Number(new URL(s3.endpoint).port));
    stops.push(temporalFront.stop, s3Front.stop);
    env = {
      TEMPORAL_ADDRESS: `127.0.0.1:${temporalFront.port}`,
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_SERVER_NAME: 'localhost',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.ca,
      DATABASE_URL: `postgres://millrace@127.0.0.1:${postgres.port}/millrace?sslmode=verify-full&sslrootcert=${certificates.ca}`,
      DATABASE_PASSWORD_FILE: join(embedded.home, 'postgres-password'),
      MILLRACE_STORE: 's3://cluster/store',
      AWS_ENDPOINT_URL_S3: `https://127.0.0.1:${s3Front.port}`,
      MILLRACE_S3_CA: certificates.ca,
    };
  });
  afterAll(async () => {
    for (const stop of stops) stop();
    s3?.stop();
    await embedded?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function place(changes: Record<string, string> = {}): Promise<Workplace> {
    return Workplace.create({ ...env, ...changes });
  }

  it('are made ready, found in order, and run a pipeline', async () => {
    const work = await place();
    const before = await work.run('doctor');
    expect(before.stdout).toContain('The bucket "cluster"'.replace('The', 'the'));
    expect((await work.run('prepare', '--bucket')).code).toBe(0);
    expect((await work.run('doctor')).code).toBe(0);

    await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 2), sensors: 6 });
    // A worker that reaches all of them by TLS alone, in place of the embedded one.
    const { spawn } = await import('node:child_process');
    const worker = spawn(process.execPath, [join(process.cwd(), 'dist/workers/main.js'), 'all'], {
      cwd: work.folder,
      env: { ...process.env, MILLRACE_HOME: work.home, ...env, MILLRACE_BUILD_ID: 'tls' },
      stdio: 'ignore',
    });
    try {
      expect((await work.run('deploy', 'tls')).code).toBe(0);
      const run = await work.json<{ state: string; report: { html: string } }>(
        ...['run', 'sensor-training', '--set', 'source=plant', '--set', 'k=3'],
      );
      expect(run.state).toBe('done');
      expect(run.report.html).toMatch(/^s3:\/\/cluster\/store\/reports\//);
    } finally {
      worker.kill('SIGKILL');
      await work.close();
    }
  });

  it.each([
    ['Temporal', { TEMPORAL_TLS_SERVER_CA_CERT_PATH: '' }, /Temporal at 127\.0\.0\.1:\d+ cannot be reached/],
    ['Postgres', { DATABASE_URL: 'postgres://millrace@127.0.0.1:PORT/millrace?sslmode=verify-full' }, /certificate/],
    ['S3', { MILLRACE_S3_CA: '' }, /the bucket "cluster" at https:.*certificate/],
  ])('are not trusted without the authority that signed: %s', async (_name, changes, message) => {
    const port = new URL(env.DATABASE_URL!).port;
    const replaced = Object.entries(changes).map(([name, value]) => [name, value.replace('PORT', port)]);
    const work = await place(Object.fromEntries(replaced));
    const { code, stderr } = await work.run('prepare');
    expect(code).toBe(3);
    expect(stderr).toMatch(message);
    await work.close();
  });
});

/** The embedded server speaks no TLS; here it is told to. */
async function turnOnPostgresTls(work: Workplace, port: number, { cert, key }: Certificates): Promise<void> {
  const password = await readFile(join(work.home, 'postgres-superuser-password'), 'utf8');
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', password });
  await client.connect();
  const { rows } = await client.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
  const data = rows[0]!.folder;
  const { uid, gid } = await stat(data);
  for (const [from, to] of [[cert, 'server.crt'] as const, [key, 'server.key'] as const]) {
    await copyFile(from, join(data, to));
    await chmod(join(data, to), 0o600);
    await chown(join(data, to), uid, gid);
  }
  await client.query('ALTER SYSTEM SET ssl = on');
  await client.query('SELECT pg_reload_conf()');
  await client.end();
}
