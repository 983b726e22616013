import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from '../../client/millrace.js';
import { tokensOf } from '../../client/tokens.js';
import { readEnv } from '../../config/env.js';
import { Workplace } from '../support/cli.js';
import { expectProblem, Rest } from '../support/rest.js';
import { metricsOf } from '../workers/prometheus.js';

interface TokenInfo {
  name: string;
  role: string;
  createdAt: string;
  lastUsedAt: string | null;
}

interface AuditLine {
  id: number;
  caller: string | null;
  act: string;
  status: number;
}

let work: Workplace;
let rest: Rest;
const made: string[] = [];

beforeAll(async () => {
  work = await Workplace.create({ MILLRACE_HOST: '0.0.0.0' });
  rest = new Rest(work);
  expect((await work.run('tokens', 'list')).stdout).toContain('No tokens yet');
});
afterAll(() => work.close());

async function create(name: string, ...options: string[]): Promise<Record<string, string>> {
  const { token } = await work.json<{ token: string }>('tokens', 'create', name, ...options);
  made.push(token);
  return { authorization: `Bearer ${token}` };
}

const info = async (name: string) =>
  (await work.json<TokenInfo[]>('tokens', 'list')).find((each) => each.name === name)!;

describe('beyond loopback', () => {
  it.each([
    ['GET', '/api/v1/runs'],
    ['GET', '/api/v1/runs/some'],
    ['GET', '/api/v1/runs/some/events'],
    ['POST', '/api/v1/runs'],
    ['POST', '/api/v1/models/demo/rollback'],
    ['POST', '/api/v1/models/demo/predict'],
    ['GET', '/metrics'],
    // What there is, and what there is not, is nobody's business either.
    ['GET', '/nowhere'],
    ['GET', '/healthz/'],
    ['GET', '//healthz'],
  ])('%s %s needs a token', async (method, path) => {
    const answer = await rest.call(method, path);
    expectProblem(answer, 401, 'MR_TOKEN');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    '/healthz',
    '/readyz',
    '/api/openapi.json',
    '/healthz?from=balancer',
    '/',
    '/runs/some/clusters',
    '/page/main.js',
  ])('%s is open', async (path) => {
    expect((await rest.get(path)).status).toBe(200);
  });

  it('a token lets in, whatever the server is called, and however its scheme is written', async () => {
    const own = await create('right');
    expect((await rest.get('/api/v1/runs', own)).status).toBe(200);
    expect((await rest.get('/api/v1/runs', { authorization: own.authorization!.toLowerCase() })).status).toBe(401);
    const scheme = { authorization: own.authorization!.replace('Bearer', 'bearer') };
    expect((await rest.get('/api/v1/runs', scheme)).status).toBe(200);
    expect((await rest.raw('GET', '/api/v1/runs', { ...own, host: 'plant.example.org' })).status).toBe(200);
    const metrics = await rest.get('/metrics', own);
    expect(metricsOf(metrics.text).map(({ name }) => name)).toContain('process_cpu_seconds_total');
  });

  it('a token lets in as soon as it is made', async () => {
    const millrace = await Millrace.connect(readEnv({ ...process.env, MILLRACE_HOME: work.home }, work.folder));
    try {
      for (const name of ['new', 'newer', 'newest']) {
        // Whoever asked just before has the server look at all tokens that there were.
        await rest.get('/api/v1/runs', { authorization: 'Bearer mr_guessed' });
        const token = await tokensOf(millrace).create(name, 'read');
        made.push(token);
        expect((await rest.get('/api/v1/runs', { authorization: `Bearer ${token}` })).status, name).toBe(200);
      }
    } finally {
      await millrace.close();
    }
  });

  it('what is no token does not', async () => {
    const { authorization } = await create('near');
    const token = authorization!.slice('Bearer '.length);
    const wrong = [
      `Bearer ${token}x`,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${createHash('sha256').update(token).digest('hex')}`,
      `Basic ${Buffer.from(`near:${token}`).toString('base64')}`,
      `Bearer`,
      token,
    ];
    for (const each of wrong) {
      const answer = await rest.get('/api/v1/runs', { authorization: each });
      expectProblem(answer, 401, 'MR_TOKEN');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.text).not.toContain(token.slice(0, 12));
    }
    // Addresses are logged and kept by what stands between.
    expectProblem(await rest.get(`/api/v1/runs?access_token=${token}`), 401, 'MR_TOKEN');
  });

  it('a token that is revoked ends, and the others do not', async () => {
    const [leaving, staying] = [await create('leaving'), await create('staying')];
    expect((await rest.get('/api/v1/runs', leaving)).status).toBe(200);
    expect((await work.run('tokens', 'revoke', 'leaving')).stdout).toContain('leaving is revoked');
    while ((await rest.get('/api/v1/runs', leaving)).status === 200) await sleep(100);
    expectProblem(await rest.get('/api/v1/runs', leaving), 401, 'MR_TOKEN');
    expect((await rest.get('/api/v1/runs', staying)).status).toBe(200);
    expect(await info('leaving')).toBeUndefined();
    // Its name is free again, for another token.
    const next = await create('leaving');
    while ((await rest.get('/api/v1/runs', next)).status !== 200) await sleep(100);
    expectProblem(await rest.get('/api/v1/runs', leaving), 401, 'MR_TOKEN');
  });
});

describe('a role', () => {
  const START = { pipeline: 'source-inspection', params: { source: '/nowhere' } };
  const SCHEDULE = { name: 'roles', pipeline: 'source-inspection', params: { source: '/nowhere' }, cron: '0 2 * * *' };

  it('lets its holder do so much, and no more', async () => {
    const roles = ['read', 'operate', 'admin'] as const;
    const calls: [string, string, unknown, (typeof roles)[number]][] = [
      ['GET', '/api/v1/runs', undefined, 'read'],
      ['GET', '/metrics', undefined, 'read'],
      ['POST', '/api/v1/models/demo/predict', { instances: [{ features: {} }] }, 'read'],
      ['POST', '/api/v1/backfills/price', {}, 'read'],
      ['POST', '/api/v1/runs', START, 'operate'],
      ['POST', '/api/v1/runs/none/cancel', undefined, 'operate'],
      ['POST', '/api/v1/runs/none/rerun', {}, 'operate'],
      ['POST', '/api/v1/schedules/none/trigger', undefined, 'operate'],
      ['POST', '/api/v1/schedules', SCHEDULE, 'admin'],
      ['DELETE', '/api/v1/schedules/none', undefined, 'admin'],
      ['POST', '/api/v1/models/demo/rollback', undefined, 'admin'],
      ['POST', '/api/v1/models/demo/versions/1/promote', undefined, 'admin'],
      ['GET', '/api/v1/audit', undefined, 'admin'],
    ];
    for (const role of roles) {
      const headers = await create(`as-${role}`, '--role', role);
      expect((await info(`as-${role}`)).role).toBe(role);
      for (const [method, path, body, needed] of calls) {
        const answer = await rest.call(method, path, { body, headers });
        const may = roles.indexOf(role) >= roles.indexOf(needed);
        if (may) expect([401, 403], `${role}: ${method} ${path}: ${answer.text}`).not.toContain(answer.status);
        else {
          const { detail } = expectProblem(answer, 403, 'MR_ROLE');
          expect(detail).toContain(`"as-${role}" has the role ${role}, and this needs ${needed}`);
        }
      }
    }
  });

  it('is to operate, where nothing is said, and one that there is not is refused', async () => {
    await create('plain');
    expect((await info('plain')).role).toBe('operate');
    expect(await work.run('tokens', 'create', 'odd', '--role', 'root')).toMatchObject({ code: 2 });
  });

  it('and whoever changed something, or was not let, stands in the audit log', async () => {
    const lines = () => work.json<AuditLine[]>('audit', '--limit', '1000');
    await expect.poll(async () => (await lines()).filter(({ caller }) => caller === 'as-admin').length).toBe(8);
    const all = await lines();
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).sort((a, b) => b - a));
    const of = (caller: string) =>
      all.filter((line) => line.caller === caller).map(({ act, status }) => `${act} ${status}`);
    expect(of('as-read')).toEqual(of('as-read').filter((line) => line.endsWith(' 403')));
    expect(of('as-read')).toHaveLength(8);
    expect(of('as-operate')).toContain('POST /api/v1/runs/:id/cancel 404');
    expect(of('as-operate')).toContain('POST /api/v1/models/:name/rollback 403');
    expect(of('as-admin')).toContain('POST /api/v1/schedules 201');
    // Who only looked does not, nor what was predicted.
    expect(all.filter(({ act }) => /GET \/api\/v1\/runs|predict|price/.test(act))).toEqual([]);
    expect((await work.run('audit')).stdout).toMatch(/as-admin +POST +\/api\/v1\/schedules +201/);
  });
});

describe('millrace tokens', () => {
  it('lists when each was last used', async () => {
    const own = await create('used');
    expect((await info('used')).lastUsedAt).toBeNull();
    expect((await work.run('tokens', 'list')).stdout).toMatch(/used .* never/);
    expect((await rest.get('/api/v1/runs', own)).status).toBe(200);
    const { createdAt, lastUsedAt } = await info('used');
    expect(Date.parse(lastUsedAt!)).toBeGreaterThanOrEqual(Date.parse(createdAt));
  });

  it('gives a name once, and knows the names there are', async () => {
    await create('taken');
    const again = await work.run('tokens', 'create', 'taken');
    expect(again).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('MR_CALL there is a token "taken" already'),
    });
    const unknown = await work.run('tokens', 'revoke', 'takn');
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/MR_CALL there is no token "takn".*taken/s),
    });
  });

  it('shows a token once: no log and no table has it, only its hash is kept', async () => {
    expect(made.length).toBeGreaterThan(4);
    expect(new Set(made).size).toBe(made.length);
    for (const file of await readdir(join(work.home, 'logs'))) {
      const log = await readFile(join(work.home, 'logs', file), 'utf8');
      for (const token of made) expect(log.includes(token), file).toBe(false);
    }
    const rows = await work.json<{ row: string; hash: string }[]>(
      'sql',
      "select tokens::text as row, encode(sha256, 'hex') as hash from tokens",
    );
    const hashes = new Set(rows.map(({ hash }) => hash));
    const kept = made.filter((token) => hashes.has(createHash('sha256').update(token).digest('hex')));
    expect(kept.length).toBe(rows.length);
    for (const { row } of rows) for (const token of made) expect(row).not.toContain(token);
  });
});
