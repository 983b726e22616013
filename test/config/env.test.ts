import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Env, isLoopback, readEnv } from '../../config/env.js';

const read = (env: Record<string, string>) => readEnv(env, '/plant');

/** What a variable that is refused is refused with. */
const refusal = (name: string, value: string, allowed: string) =>
  expect.objectContaining({
    code: 'MR_CONFIG',
    message: expect.stringContaining(`${name} is "${value}"`),
    advice: { allowed },
  });

const DEFAULTS: Omit<Env, 'color'> = {
  home: '/plant/.millrace',
  cache: join(homedir(), '.cache/millrace'),
  temporalAddress: undefined,
  temporalNamespace: 'default',
  temporalConnection: {},
  databaseUrl: undefined,
  databasePasswordFile: undefined,
  databasePool: 8,
  databases: {},
  store: '/plant/.millrace/store',
  s3: { endpoint: undefined, region: undefined, pathStyle: false, caFile: undefined },
  scratch: '/plant/.millrace/scratch',
  metrics: undefined,
  rest: { host: '127.0.0.1', port: 8780 },
  url: undefined,
  webhookSecret: undefined,
  webhookSecretFile: undefined,
  smtp: { url: undefined, passwordFile: undefined, from: undefined },
  graceSeconds: 10,
  buildId: undefined,
  cwd: '/plant',
  config: undefined,
  project: undefined,
  path: '',
  pip: { indexUrl: undefined, configFile: undefined },
};

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(read({})).toMatchObject(DEFAULTS);
  });

  it.each<[Record<string, string>, Partial<Env>]>([
    [{ MILLRACE_HOME: 'work' }, { home: '/plant/work', store: '/plant/work/store', scratch: '/plant/work/scratch' }],
    [{ MILLRACE_HOME: '/work' }, { home: '/work', store: '/work/store', scratch: '/work/scratch' }],
    [{ MILLRACE_CACHE: 'cache' }, { cache: '/plant/cache' }],
    [{ XDG_CACHE_HOME: '/x' }, { cache: '/x/millrace' }],
    [{ MILLRACE_CACHE: '/c', XDG_CACHE_HOME: '/x' }, { cache: '/c' }],
    [{ TEMPORAL_ADDRESS: 'temporal:7233' }, { temporalAddress: 'temporal:7233' }],
    [{ TEMPORAL_NAMESPACE: 'plants' }, { temporalNamespace: 'plants' }],
    [{ DATABASE_URL: 'postgres://db/x' }, { databaseUrl: 'postgres://db/x' }],
    [{ DATABASE_PASSWORD_FILE: '/run/secrets/db' }, { databasePasswordFile: '/run/secrets/db' }],
    [{ DATABASE_POOL: '1' }, { databasePool: 1 }],
    [{ DATABASE_POOL: '1000' }, { databasePool: 1000 }],
    [
      {
        MILLRACE_DATABASE_PLANT: 'postgres://db/a',
        MILLRACE_DATABASE_LINE_2: 'postgres://db/b',
        MILLRACE_DATABASE_LINE_2_PASSWORD_FILE: '/run/secrets/b',
        MILLRACE_DATABASE_NONE: ' ',
      },
      {
        databases: {
          plant: { url: 'postgres://db/a', passwordFile: undefined },
          line_2: { url: 'postgres://db/b', passwordFile: '/run/secrets/b' },
        },
      },
    ],
    [{ MILLRACE_STORE: 'objects' }, { store: '/plant/objects' }],
    [{ MILLRACE_STORE: '/objects' }, { store: '/objects' }],
    [{ MILLRACE_STORE: 's3://bucket/prefix' }, { store: 's3://bucket/prefix' }],
    [{ MILLRACE_SCRATCH: 'tmp' }, { scratch: '/plant/tmp' }],
    [{ MILLRACE_HOST: '0.0.0.0' }, { rest: { host: '0.0.0.0', port: 8780 } }],
    [{ MILLRACE_PORT: '0' }, { rest: { host: '127.0.0.1', port: 0 } }],
    [{ MILLRACE_PORT: '65535' }, { rest: { host: '127.0.0.1', port: 65_535 } }],
    [{ MILLRACE_GRACE_SECONDS: '0' }, { graceSeconds: 0 }],
    [{ MILLRACE_GRACE_SECONDS: '3600' }, { graceSeconds: 3600 }],
    [{ MILLRACE_BUILD_ID: 'b1' }, { buildId: 'b1' }],
    [{ MILLRACE_CONFIG: 'plant.yaml' }, { config: '/plant/plant.yaml' }],
    [{ MILLRACE_CONFIG: '/etc/plant.yaml' }, { config: '/etc/plant.yaml' }],
    [{ MILLRACE_PROJECT: 'project.ts' }, { project: '/plant/project.ts' }],
    [{ PATH: '/bin:/usr/bin' }, { path: '/bin:/usr/bin' }],
    [{ PIP_INDEX_URL: 'https://pip' }, { pip: { indexUrl: 'https://pip', configFile: undefined } }],
    [{ PIP_CONFIG_FILE: '/pip.conf' }, { pip: { indexUrl: undefined, configFile: '/pip.conf' } }],
  ])('takes %j', (env, changed) => {
    expect(read(env)).toMatchObject({ ...DEFAULTS, ...changed });
  });

  it('takes an empty variable, or one of blanks, for one that is not set', () => {
    const names = [
      ...['MILLRACE_HOME', 'MILLRACE_CACHE', 'XDG_CACHE_HOME', 'MILLRACE_STORE', 'MILLRACE_SCRATCH', 'MILLRACE_CONFIG'],
      ...['MILLRACE_METRICS', 'MILLRACE_HOST', 'MILLRACE_PORT', 'MILLRACE_GRACE_SECONDS', 'MILLRACE_BUILD_ID'],
      ...['DATABASE_URL', 'DATABASE_PASSWORD_FILE', 'DATABASE_POOL', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'],
      ...['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_DEFAULT_REGION'],
      ...['MILLRACE_S3_PATH_STYLE', 'MILLRACE_S3_CA', 'MILLRACE_PROJECT', 'PIP_INDEX_URL', 'PIP_CONFIG_FILE', 'PATH'],
    ];
    for (const value of ['', '  ']) {
      expect(read(Object.fromEntries(names.map((name) => [name, value])))).toMatchObject(DEFAULTS);
    }
  });

  it('takes blanks around a value for none of it', () => {
    expect(read({ MILLRACE_HOME: ' /work ', DATABASE_POOL: ' 3 ' })).toMatchObject({ home: '/work', databasePool: 3 });
  });

  it.each([
    ['DATABASE_POOL', 1, 1000, ['0', '1001', '-1', '1.5', 'many', 'NaN', 'Infinity']],
    ['MILLRACE_PORT', 0, 65_535, ['-1', '65536', '80.5', 'http']],
    ['MILLRACE_GRACE_SECONDS', 0, 3600, ['-1', '3601', '10s']],
  ])('refuses a %s that is no whole number from %i to %i', (name, from, to, values) => {
    for (const value of values) {
      expect(() => read({ [name]: value })).toThrow(refusal(name, value, `a whole number from ${from} to ${to}`));
    }
  });
});

describe('a store on S3', () => {
  const s3 = (env: Record<string, string>) => read(env).s3;

  it.each<[Record<string, string>, Partial<Env['s3']>]>([
    [{ AWS_REGION: 'eu-north-1' }, { region: 'eu-north-1' }],
    [{ AWS_DEFAULT_REGION: 'eu-west-1' }, { region: 'eu-west-1' }],
    [{ AWS_REGION: 'eu-north-1', AWS_DEFAULT_REGION: 'eu-west-1' }, { region: 'eu-north-1' }],
    [{ MILLRACE_S3_PATH_STYLE: 'true' }, { pathStyle: true }],
    [{ MILLRACE_S3_CA: 'ca.pem' }, { caFile: '/plant/ca.pem' }],
  ])('is reached as %j says', (env, changed) => {
    expect(s3(env)).toEqual({ ...DEFAULTS.s3, ...changed });
  });

  it('on a server of one’s own has a region and paths that no one needs to name', () => {
    const endpoint = 'http://minio:9000';
    expect(s3({ AWS_ENDPOINT_URL: endpoint })).toMatchObject({ endpoint, region: 'us-east-1', pathStyle: true });
    expect(s3({ AWS_ENDPOINT_URL_S3: endpoint, AWS_ENDPOINT_URL: 'http://other' })).toMatchObject({ endpoint });
    expect(s3({ AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'eu', MILLRACE_S3_PATH_STYLE: 'false' })).toMatchObject({
      region: 'eu',
      pathStyle: false,
    });
  });

  it.each(['yes', '1', 'TRUE'])('has no path style %j', (value) => {
    expect(() => s3({ MILLRACE_S3_PATH_STYLE: value })).toThrow(
      refusal('MILLRACE_S3_PATH_STYLE', value, 'true or false'),
    );
  });
});

describe('MILLRACE_METRICS', () => {
  it.each([
    ['9464', '127.0.0.1', 9464],
    [':9464', '127.0.0.1', 9464],
    ['0', '127.0.0.1', 0],
    ['0.0.0.0:9464', '0.0.0.0', 9464],
    ['localhost:65535', 'localhost', 65_535],
    ['metrics.plant.example:80', 'metrics.plant.example', 80],
    ['::1:9464', '::1', 9464],
    // As addresses with a port are written; no server listens on one with brackets.
    ['[::1]:9464', '::1', 9464],
    ['[::]:9464', '::', 9464],
  ])('%s is a place to listen', (text, host, port) => {
    expect(read({ MILLRACE_METRICS: text }).metrics).toEqual({ host, port });
  });

  it.each(['on', 'localhost', 'localhost:', '-1', '80.5', 'localhost:http', 'localhost: 80', ':'])(
    '%j is none',
    (text) => {
      expect(() => read({ MILLRACE_METRICS: text })).toThrow(refusal('MILLRACE_METRICS', text, 'host:port, or a port'));
    },
  );

  it.each(['65536', 'localhost:70000'])('%s has a port that is none', (text) => {
    expect(() => read({ MILLRACE_METRICS: text })).toThrow(
      expect.objectContaining({ code: 'MR_CONFIG', advice: { allowed: 'a whole number from 0 to 65535' } }),
    );
  });
});

describe('the connection to Temporal', () => {
  const connection = (env: Record<string, string>) => read(env).temporalConnection;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-test-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(['true', '1'])('is encrypted with TEMPORAL_TLS=%s', (value) => {
    expect(connection({ TEMPORAL_TLS: value }).tls).toEqual({});
  });

  it.each(['false', '0'])('is not with TEMPORAL_TLS=%s', (value) => {
    expect(connection({ TEMPORAL_TLS: value }).tls).toBe(false);
  });

  // A word that is taken for "false" sends keys in the clear.
  it.each(['yes', 'TRUE', 'on', 'tru'])('is refused with TEMPORAL_TLS=%s', (value) => {
    expect(() => connection({ TEMPORAL_TLS: value })).toThrow(
      expect.objectContaining({ code: 'MR_CONFIG', message: expect.stringContaining('TEMPORAL_TLS') }),
    );
  });

  it('is encrypted with an API key, which goes along', () => {
    expect(connection({ TEMPORAL_API_KEY: 'secret' })).toEqual({ apiKey: 'secret', tls: true });
  });

  it('is not encrypted with an API key where that was said', () => {
    expect(connection({ TEMPORAL_API_KEY: 'secret', TEMPORAL_TLS: 'false' })).toEqual({ apiKey: 'secret', tls: false });
  });

  it('takes empty variables for ones that are not set', () => {
    expect(connection({ TEMPORAL_API_KEY: '', TEMPORAL_TLS: '', TEMPORAL_TLS_SERVER_CA_CERT_PATH: '' })).toEqual({});
    expect(connection({ TEMPORAL_API_KEY: 'secret', TEMPORAL_TLS: '' })).toEqual({ apiKey: 'secret', tls: true });
  });

  it('has the certificates that are named, from files', async () => {
    const write = async (name: string) => {
      await writeFile(join(folder, name), `the ${name}`);
      return join(folder, name);
    };
    const { tls } = connection({
      TEMPORAL_TLS_CLIENT_CERT_PATH: await write('certificate'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: await write('key'),
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: await write('authority'),
      TEMPORAL_TLS_SERVER_NAME: 'temporal.plant.example',
    });
    const bytes = (text: string) => Uint8Array.from(Buffer.from(text));
    expect(tls).toEqual({
      serverNameOverride: 'temporal.plant.example',
      serverRootCACertificate: bytes('the authority'),
      clientCertPair: { crt: bytes('the certificate'), key: bytes('the key') },
    });
  });

  it('is refused where a certificate is not there', () => {
    expect(() => connection({ TEMPORAL_TLS_CLIENT_CERT_PATH: join(folder, 'none') })).toThrow(
      expect.objectContaining({ code: 'MR_CONFIG', message: expect.stringMatching(/^TEMPORAL_.*ENOENT.*none/) }),
    );
  });

  it('has the headers that are named', () => {
    expect(connection({ TEMPORAL_GRPC_META_X_TENANT: 'plants' })).toEqual({ metadata: { 'x-tenant': 'plants' } });
  });

  it('does not come from the file that Temporal’s tools share', async () => {
    const file = join(folder, 'temporal.toml');
    await writeFile(file, '[profile.default]\naddress = "elsewhere:7233"\napi_key = "theirs"\n');
    const env = { TEMPORAL_CONFIG_FILE: file };
    expect(read(env)).toMatchObject({ temporalAddress: undefined, temporalConnection: {} });
    expect(connection(env)).toEqual({});
  });
});

describe('colour', () => {
  it('is there when it is asked for, and not when it is refused', () => {
    expect(read({ FORCE_COLOR: '1' }).color).toBe(true);
    expect(read({ NO_COLOR: '1' }).color).toBe(false);
    expect(read({ FORCE_COLOR: '1', NO_COLOR: '1' }).color).toBe(true);
  });
});

describe('loopback', () => {
  it.each(['localhost', '127.0.0.1', '127.8.9.10', '::1'])('is %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    ...['0.0.0.0', '::', '', '10.0.0.1', '192.168.127.1', '1127.0.0.1', '::2', 'plant.example'],
    // Names that whoever owns the domain lets point anywhere.
    ...['localhost.plant.example', 'notlocalhost', '127.plant.example', '127.0.0.1.plant.example', '127.'],
  ])('is not %j', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
