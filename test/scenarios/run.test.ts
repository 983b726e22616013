import { execFileSync } from 'node:child_process';
import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';

interface RunDocument {
  runId: string;
  state: string;
  readings: { read: number; used: number };
  chunks: { total: number; made: number; kept: number };
  features: { made: number; kept: number };
  modelVersion: string;
  model: { version: number; parent: number | null };
  sizes: { id: number; chunks: number }[];
  steps: { name: string; state: string }[];
}

let work: Workplace;
beforeAll(async () => {
  work = await Workplace.create();
  await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 4), sensors: 6 });
  expect((await work.run('runs', 'list')).stdout).toContain('No runs yet');
});
afterAll(() => work.close());

describe('millrace run', () => {
  it('that is refused when it begins is in the list with the reason', async () => {
    const refused = await work.run('run', 'sensor-training', '--set', 'source=plant', '--set', 'tz=Europe/Berln');
    expect(refused.stderr).toContain('MR_ZONE_UNKNOWN');
    const [run] = await work.json<{ id: string; state: string }[]>('runs', 'list');
    expect(run).toMatchObject({ state: 'failed' });
    const shown = await work.json<{ params: object; error: object }>('runs', 'show', run!.id);
    expect(shown).toMatchObject({ params: { tz: 'Europe/Berln' }, error: { code: 'MR_ZONE_UNKNOWN' } });
  });

  it('prints one JSON document with the account of readings and the state of each step', async () => {
    const run = await work.json<RunDocument>('run', 'sensor-training', '--set', 'source=plant', '--set', 'k=3');
    expect(run).toMatchObject({
      state: 'done',
      readings: { read: 4 * 6 * 144, used: 4 * 6 * 144, quarantined: 0, duplicate: 0, missing: 0, outside: 0 },
      chunks: { total: 24, made: 4, kept: 0 },
      features: { made: 24, kept: 0 },
      modelVersion: 'sensors@1',
    });
    expect(run.steps.map(({ state }) => state)).toEqual(new Array(12).fill('done'));
    expect(run.sizes.map(({ chunks }) => chunks).sort()).toEqual([8, 8, 8]);
  });

  it('continues the model on grown data, makes only what is new, and keeps the meaning of ids', async () => {
    const clustersBefore = await assignments();
    await writeReadings(join(work.folder, 'plant/b.csv'), { days: daysFrom(5, 2), sensors: 6 });
    const run = await work.json<RunDocument>('run', 'sensor-training', '--set', 'source=plant', '--set', 'k=3');
    expect(run).toMatchObject({
      chunks: { total: 36, made: 2, kept: 4 },
      features: { made: 12, kept: 24 },
      model: { version: 2, parent: 1 },
    });
    expect(await assignments()).toEqual(clustersBefore);
  });

  it('predicts with the champion, and with a version asked for', async () => {
    const champion = await work.json<RunDocument>(
      'run',
      'sensor-prediction',
      '--set',
      'source=plant',
      '--set',
      'from=2024-03-05',
    );
    expect(champion).toMatchObject({ modelVersion: 'sensors@2', predictions: 12 });
    const older = await work.json<RunDocument>(
      'run',
      'sensor-prediction',
      '--set',
      'source=plant',
      '--set',
      'version=1',
    );
    expect(older).toMatchObject({ modelVersion: 'sensors@1', predictions: 36 });
    expect((await work.run('models', 'promote', 'sensors@1')).code).toBe(0);
    const promoted = await work.json<RunDocument>('run', 'sensor-prediction', '--set', 'source=plant');
    expect(promoted.modelVersion).toBe('sensors@1');
  });

  it('makes only the chunk that a late row touches', async () => {
    await appendFile(join(work.folder, 'plant/a.csv'), '2024-03-02 03:03:03,s01,40\n');
    const run = await work.json<RunDocument>('run', 'sensor-prediction', '--set', 'source=plant');
    expect(run).toMatchObject({ chunks: { made: 1, kept: 5 }, features: { made: 1, kept: 35 } });
  });

  it('takes params from millrace.yaml, a params file and --set, the later over the earlier', async () => {
    await writeFile(
      join(work.folder, 'millrace.yaml'),
      'pipelines:\n  sensor-training:\n    source: plant\n    k: 2\n    model: other\n    starts: 3\n',
    );
    await writeFile(join(work.folder, 'p.yaml'), 'k: 4\nseed: 9\n');
    const run = await work.json<RunDocument>('run', 'sensor-training', '--params', 'p.yaml', '--set', 'seed=10');
    const { params } = await work.json<{ params: object }>('runs', 'show', run.runId);
    expect(params).toMatchObject({ source: join(work.folder, 'plant'), k: 4, seed: 10, starts: 3, model: 'other' });
  });

  it('exports predictions as CSV, the same bytes every time', async () => {
    const first = await work.run('predictions', 'export');
    expect(first.stdout.split('\n')[0]).toBe('sensor,day,cluster,distance,novel,model,version');
    expect(first.stdout.trim().split('\n')).toHaveLength(37);
    await work.json('run', 'sensor-prediction', '--set', 'source=plant');
    expect((await work.run('predictions', 'export')).stdout).toBe(first.stdout);
  });
});

describe('a bare Temporal client', () => {
  it('starts a run by workflow name, and meets the same checks', async () => {
    const connection = await Connection.connect({ address: await temporalAddress() });
    try {
      const client = new Client({ connection });
      const start = (workflowId: string, params: object) =>
        client.workflow.execute('sensor-prediction', {
          taskQueue: 'millrace.workflow',
          workflowId,
          args: [{ params }],
        });
      expect(await start('by-hand', { source: join(work.folder, 'plant') })).toMatchObject({ predictions: 36 });
      const wrong = await start('by-hand-2', { source: join(work.folder, 'plant'), verison: 1 }).catch(
        (error: Error) => error.cause as Error,
      );
      expect(wrong).toMatchObject({
        type: 'MR_PARAM',
        message: expect.stringContaining('there is no param "verison". Did you mean "version"?'),
      });
      const described = await client.workflow.getHandle('by-hand').describe();
      expect(described.searchAttributes).toMatchObject({
        MillracePipeline: ['sensor-prediction'],
        MillraceModelVersion: ['sensors@1'],
      });
    } finally {
      await connection.close();
    }
  });
});

describe('wrong calls end with a code, what is allowed and what to do', () => {
  it.each([
    [['run', 'sensor-trainin'], 2, /MR_PIPELINE_UNKNOWN.*Did you mean "sensor-training"/s],
    [
      ['run', 'sensor-training', '--set', 'kk=3', '--set', 'source=plant'],
      2,
      /MR_PARAM.*no param "kk"\. Did you mean "k"/s,
    ],
    [['run', 'sensor-training', '--set', 'k=0', '--set', 'seed=x', '--set', 'source=plant'], 2, /k is 0.*seed is "x"/s],
    [['run', 'sensor-training', '--set', 'k'], 2, /MR_CALL.*no "="/s],
    [['run', 'sensor-training', '--set', 'files=[*.csv]'], 2, /MR_CALL --set files=\[\*\.csv\].*\["\*\.csv"\]/s],
    [['run', 'sensor-training', '--set', 'source=nowhere'], 2, /MR_SOURCE_MISSING.*nowhere/s],
    [
      ['run', 'sensor-training', '--set', 'source=plant', '--set', 'k=1000'],
      1,
      /MR_TOO_FEW_CHUNKS.*k is 1000, but there are 36 chunks/s,
    ],
    [
      ['run', 'sensor-training', '--set', 'source=plant', '--set', 'tz=Europe/Berln'],
      2,
      /MR_ZONE_UNKNOWN.*Europe\/Berlin/s,
    ],
    [
      ['run', 'sensor-training', '--set', 'source=plant', '--set', 'timeColumn=tim'],
      2,
      /MR_COLUMN_MISSING.*look alike: time/s,
    ],
    [
      ['run', 'sensor-training', '--set', 'source=plant', '--set', 'from=2031-01-01'],
      1,
      /MR_NO_CHUNKS.*2024-03-01 to 2024-03-06/s,
    ],
    [
      ['run', 'sensor-prediction', '--set', 'source=plant', '--set', 'model=sensor'],
      2,
      /MR_MODEL_MISSING.*sensors \(versions 1, 2\)/s,
    ],
    [
      ['run', 'sensor-prediction', '--set', 'source=plant', '--set', 'version=7'],
      2,
      /MR_MODEL_MISSING.*its versions: 1, 2/s,
    ],
    [['runs', 'show', 'nothing'], 2, /MR_RUN_UNKNOWN/],
    [['models', 'promote', 'sensors@99'], 2, /MR_MODEL_MISSING/],
    [['sql', 'delete from runs'], 2, /MR_SQL.*read-only/s],
    [['sql', 'select 1; drop table runs'], 2, /MR_SQL/],
    [['frobnicate'], 2, /unknown command/],
  ])('%j', async (args, code, words) => {
    const answer = await work.run(...args);
    expect(answer.stderr).toMatch(words);
    expect(answer.code).toBe(code);
  });

  it('names line and column, and the nearest key, in a configuration file', async () => {
    await writeFile(
      join(work.folder, 'millrace.yaml'),
      'memoryMiB: 512\npipelines:\n  sensor-training:\n    sourc: plant\n',
    );
    const answer = await work.run('run', 'sensor-training');
    expect(answer.stderr).toContain('millrace.yaml:4:5 there is no param "sourc". Did you mean "source"?');
    await writeFile(join(work.folder, 'millrace.yaml'), 'memory: 512\n');
    expect((await work.run('run', 'sensor-training')).stderr).toContain(
      'millrace.yaml:1:1 there is no "memory". Did you mean "memoryMiB"?',
    );
    await writeFile(join(work.folder, 'millrace.yaml'), '');
  });
});

describe('a model whose artefact is gone', () => {
  it('is said to be so, with the way out', async () => {
    await work.json(
      'run',
      'sensor-training',
      '--set',
      'source=plant',
      '--set',
      'model=lost',
      '--set',
      'k=3',
      '--set',
      'seed=77',
    );
    const [{ uri }] = (await work.json<{ uri: string }[]>(
      'sql',
      "select artefact->>'uri' as uri from model_versions where model = 'lost'",
    )) as [{ uri: string }];
    await rm(join(work.home, 'store', uri));
    const answer = await work.run('run', 'sensor-prediction', '--set', 'source=plant', '--set', 'model=lost');
    expect(answer.code).toBe(2);
    expect(answer.stderr).toMatch(
      /MR_MODEL_MISSING version 1 of lost is registered, but models\/\w+\.json is gone.*refit=true/s,
    );
    const again = await work.json<RunDocument>(
      'run',
      'sensor-training',
      '--set',
      'source=plant',
      '--set',
      'model=lost',
      '--set',
      'k=3',
      '--set',
      'seed=77',
      '--set',
      'refit=true',
    );
    expect(again.modelVersion).toBe('lost@2');
  });
});

describe('the embedded Postgres', () => {
  it('takes a password only, from a file that only its owner reads, for a role without special rights', async () => {
    const { postgres } = JSON.parse(await readFile(join(work.home, 'services.json'), 'utf8')) as {
      postgres: { port: number };
    };
    const file = join(work.home, 'postgres-password');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const base = { host: '127.0.0.1', port: postgres.port, user: 'millrace', database: 'millrace' };
    const wrong = new pg.Client({ ...base, password: 'guess' });
    await expect(wrong.connect()).rejects.toThrow(/password authentication failed/);
    const right = new pg.Client({ ...base, password: await readFile(file, 'utf8') });
    await right.connect();
    const { rows } = await right.query(
      'SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user',
    );
    expect(rows).toEqual([{ rolsuper: false, rolcreatedb: false, rolcreaterole: false }]);
    const { rows: settings } = await right.query(
      "SELECT current_setting('listen_addresses') AS listen, current_setting('password_encryption') AS encryption",
    );
    expect(settings).toEqual([{ listen: '127.0.0.1', encryption: 'scram-sha-256' }]);
    await right.end();
  });

  it('keeps secrets out of command lines, logs and Temporal', async () => {
    const secret = (await readFile(join(work.home, 'postgres-password'), 'utf8')).trim();
    for (const name of ['worker', 'postgres', 'temporal', 'up']) {
      expect(await readFile(join(work.home, `logs/${name}.log`), 'utf8')).not.toContain(secret);
    }
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(secret);
    expect((await readFile(join(work.home, 'temporal.db'))).includes(secret)).toBe(false);
  });
});

async function temporalAddress(): Promise<string> {
  return (JSON.parse(await readFile(join(work.home, 'services.json'), 'utf8')) as { temporal: { address: string } })
    .temporal.address;
}

async function assignments(): Promise<Record<string, number>> {
  const run = await work.json<RunDocument>(
    'run',
    'sensor-prediction',
    '--set',
    'source=plant',
    '--set',
    'to=2024-03-04',
  );
  const rows = await work.json<{ sensor: string; day: string; cluster: number }[]>(
    'sql',
    `select sensor, day, cluster from predictions where run_id = '${run.runId}'`,
  );
  return Object.fromEntries(rows.map(({ sensor, day, cluster }) => [`${sensor} ${day}`, cluster]));
}
