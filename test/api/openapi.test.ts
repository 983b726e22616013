import { pino } from 'pino';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildServer, type Server } from '../../api/server.js';
import type { Millrace } from '../../client/millrace.js';
import type { WarmModels } from '../../client/warm-models.js';
import { type RestSettings, restSchema } from '../../config/rest.js';
import { PIPELINES } from '../../pipelines/index.js';
import { Pipelines } from '../../pipelines/pipelines.js';
import { type Document, operationsOf } from '../support/rest-document.js';

/** Nothing here is answered from them: only what is declared is looked at. */
const untouched = { pipelines: new Pipelines() } as Millrace & WarmModels;

const server = (rest: RestSettings = restSchema.parse(undefined)): Promise<Server> =>
  buildServer({
    millrace: untouched,
    models: untouched,
    rest,
    host: '127.0.0.1',
    version: '7.8.9',
    logger: pino({ level: 'silent' }),
    stop: new AbortController().signal,
  });

/** Behind all other routes is the page. */
const FOR_PROGRAMS = /^[A-Z]+ \/(api\/|healthz|readyz|metrics)/;
/** Routes that are for machines which need no description: the metrics, and the document itself. */
const UNDESCRIBED = ['GET /metrics', 'GET /api/openapi.json'];
/** What anybody may ask: no token, no error but that it is not ready. */
const OPEN = ['/healthz', '/readyz'];

let app: Server;
let document: Document;
beforeAll(async () => {
  app = await server();
  const answer = await app.inject({ url: '/api/openapi.json', headers: { host: 'localhost' } });
  expect(answer.statusCode).toBe(200);
  document = answer.json<Document>();
});

/** `GET /api/v1/runs/:id` of every route, from the tree that the server prints of them. */
function routes(): string[] {
  const open: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const [, branch, path, methods] = /^((?: {4})*)[├└]── (\S+) \((.+)\)$/.exec(line.replaceAll('│   ', '    '))!;
      const depth = branch!.length / 4;
      open.splice(depth, Number.POSITIVE_INFINITY, path!);
      return methods!
        .split(', ')
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${open.join('')}`);
    });
}

const described = () =>
  operationsOf(document).map(
    ({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `:${name}`)}`,
  );

describe('the OpenAPI document', () => {
  it('describes every route of the server, and nothing else', () => {
    const there = routes();
    expect(there.length).toBeGreaterThan(15);
    expect(described().sort()).toEqual(
      there.filter((route) => FOR_PROGRAMS.test(route) && !UNDESCRIBED.includes(route)).sort(),
    );
    for (const route of UNDESCRIBED) expect(there).toContain(route);
  });

  it('is of version 3.1, and says whose it is', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Millrace', version: '7.8.9' } });
    expect(document.components.securitySchemes).toEqual({ token: { type: 'http', scheme: 'bearer' } });
  });

  it('refers to nothing that it does not have', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => ref!);
    expect(refs.length).toBeGreaterThan(20);
    const lost = refs.filter((ref) => {
      const [start, ...path] = ref.split('/');
      const found = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      return start !== '#' || found === undefined;
    });
    expect(lost).toEqual([]);
  });

  it('has no schema that nothing refers to', () => {
    const text = JSON.stringify(document);
    const names = Object.keys(document.components.schemas);
    expect(names).toEqual(expect.arrayContaining(['Run', 'StartRequest', 'Problem', 'PredictRequest', 'Prediction']));
    expect(names.filter((name) => !text.includes(`"#/components/schemas/${name}"`))).toEqual([]);
  });

  it('sorts every operation under a tag, and tells them apart', () => {
    const operations = operationsOf(document).map(({ operation }) => operation);
    expect(operations.filter(({ tags }) => tags?.length !== 1)).toEqual([]);
    const ids = operations.map(({ operationId }) => operationId).filter((id) => id !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('declares every part of a path that is left open, and no other', () => {
    for (const { path, operation } of operationsOf(document)) {
      const holes = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const params = (operation.parameters ?? []).filter((each) => each.in === 'path');
      expect(params.map(({ name }) => name).sort(), path).toEqual(holes.sort());
      expect(params.every(({ required }) => required === true)).toBe(true);
    }
  });

  it('says of each operation what a good answer is', () => {
    for (const { method, path, operation } of operationsOf(document)) {
      const good = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
      expect(good.length, `${method} ${path}`).toBeGreaterThan(0);
      for (const [status, { description, content }] of good) {
        expect(description).toBeTypeOf('string');
        expect(Object.keys(content ?? {}), `${method} ${path}`).toHaveLength(status === '204' ? 0 : 1);
      }
    }
  });

  it('says of each operation behind the guard that it can be refused, and that errors are problems', () => {
    const guarded = operationsOf(document).filter(({ path }) => !OPEN.includes(path));
    for (const { method, path, operation } of guarded) {
      const where = `${method} ${path}`;
      const bad = Object.entries(operation.responses).filter(([status]) => !status.startsWith('2'));
      expect(
        bad.map(([status]) => status),
        where,
      ).toEqual(expect.arrayContaining(['401', '429']));
      for (const [status, { content }] of bad) {
        expect(Object.keys(content!), `${where} ${status}`).toEqual(['application/problem+json']);
        expect(content!['application/problem+json']!.schema).toEqual({ $ref: '#/components/schemas/Problem' });
      }
    }
  });

  it('says of each operation that is not for everybody which role it needs', () => {
    const roles = operationsOf(document).map(({ method, path, operation }) => {
      const role = /Needs the role (\w+)\./.exec(operation.description ?? '')?.[1] ?? 'read';
      expect('403' in operation.responses, `${method} ${path}`).toBe(role !== 'read');
      return `${method} ${path} ${role}`;
    });
    expect(roles).toEqual(
      expect.arrayContaining([
        'get /api/v1/runs read',
        'post /api/v1/models/{name}/predict read',
        'post /api/v1/runs operate',
        'post /api/v1/models/{name}/rollback admin',
        'get /api/v1/audit admin',
      ]),
    );
  });

  it('says of each operation with a body that it may be wrong, too large and of another type', () => {
    const sent = operationsOf(document).filter(({ operation }) => operation.requestBody !== undefined);
    expect(sent).toHaveLength(12);
    for (const { operation } of sent) {
      expect(Object.keys(operation.requestBody!.content)).toEqual(['application/json']);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '413', '415']));
    }
  });

  it('says how requests are limited that name a key, and what a stream and a page are', () => {
    const { parameters } = document.paths['/api/v1/runs']!.post!;
    expect(parameters).toEqual([expect.objectContaining({ in: 'header', name: 'idempotency-key' })]);
    const types = (path: string) => Object.keys(document.paths[path]!.get!.responses[200]!.content!);
    expect(types('/api/v1/runs/{id}/events')).toEqual(['text/event-stream']);
    expect(types('/api/v1/runs/{id}/report')).toEqual(['text/html']);
  });
});

describe('the server', () => {
  it.each([0.01, 0.3, 1024])('can be built with a largest body of %s MiB', async (bodyMiB) => {
    const built = await server(restSchema.parse({ bodyMiB, predictBodyMiB: bodyMiB }));
    const answer = await built.inject({ url: '/healthz' });
    expect(answer.json()).toEqual({ status: 'ok' });
  });

  it('shows of every pipeline the params that a run of it takes', async () => {
    for (const { graph, params } of PIPELINES) {
      const answer = await app.inject({ url: `/api/v1/pipelines/${graph.name}`, headers: { host: 'localhost' } });
      const { params: schema } = answer.json<{ params: { properties: object; additionalProperties: boolean } }>();
      expect(Object.keys(schema.properties)).toEqual(Object.keys(params.shape));
      expect(schema.additionalProperties).toBe(false);
    }
  });
});
