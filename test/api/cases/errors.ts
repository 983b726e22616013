import { describe, expect, it } from 'vitest';
import { problem } from '../../../api/contracts/problem.js';
import { expectProblem } from '../../support/rest.js';
import type { Place } from './place.js';

export function errorCases(at: Place): void {
  describe('a request', () => {
    it.each([
      ['GET', '/nowhere'],
      ['GET', '/api/v2/runs'],
      ['DELETE', '/api/v1/runs'],
      ['PUT', '/api/v1/models/demo'],
    ])('%s %s finds nothing, and is told where to look', async (method, path) => {
      const { detail } = expectProblem(await at.rest.call(method, path), 404, 'MR_CALL');
      expect(detail).toContain(`there is nothing at ${method} ${path}`);
      expect(detail).toContain('/api/openapi.json');
    });

    it.each(['{"pipeline": ', '{"__proto__": {"a": 1}}', ''])('with the body %j is refused', async (body) => {
      expectProblem(await at.rest.post('/api/v1/runs', body), 400, 'MR_CALL');
    });

    it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml'])(
      'of type %s is not taken: only JSON is',
      async (type) => {
        const body = '{"pipeline":"sensor-prediction"}';
        expectProblem(await at.rest.post('/api/v1/runs', body, { 'content-type': type }), 415, 'MR_CALL');
      },
    );

    it('whose body is too large is refused', async () => {
      const body = { pipeline: 'sensor-prediction', params: { source: 'x'.repeat(2 ** 20) } };
      expectProblem(await at.rest.post('/api/v1/runs', body), 413, 'MR_BODY_TOO_LARGE');
      // Readings of some chunks are more than that.
      const instance = { day: '2026-03-14', readings: [['2026-03-14T00:00:00Z', 1]] };
      const large = { instances: new Array(9_999).fill({ ...instance, tz: 'Atlantis'.repeat(10) }) };
      expect((await at.rest.post('/api/v1/models/demo/predict', large)).status).not.toBe(413);
    });

    it('with an address that is none is refused', async () => {
      const { status, text } = await at.rest.raw('GET', '/api/v1/models/%zz', {});
      expect({ status, ...(JSON.parse(text) as object) }).toMatchObject({ status: 400, code: 'MR_CALL' });
      expect(problem.safeParse(JSON.parse(text)).error).toBeUndefined();
    });

    it('of any kind is kept out of caches and of frames that guess what it is', async () => {
      for (const path of ['/healthz', '/api/v1/runs', '/nowhere']) {
        const { headers } = await at.rest.get(path);
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(headers.get('cache-control')).toBe('no-store');
      }
    });
  });

  describe('on loopback', () => {
    it.each(['127.0.0.1', '127.0.0.1:1234', 'localhost', 'localhost:8780', '[::1]', '[::1]:8780'])(
      'a caller that says Host: %s is let in',
      async (host) => {
        expect((await at.rest.raw('GET', '/api/v1/pipelines', { host })).status).toBe(200);
      },
    );

    // A page of another site can have a name of its own point here, and read what comes back.
    it.each(['plant.example.org', '127.0.0.1.example.org', '127.example.org', 'localhost.example.org', '192.0.2.1'])(
      'a caller that says Host: %s is not',
      async (host) => {
        const { status, text } = await at.rest.raw('GET', '/api/v1/pipelines', { host });
        expect({ status, ...(JSON.parse(text) as object) }).toMatchObject({ status: 401, code: 'MR_TOKEN' });
      },
    );

    // A page of another site cannot read what comes back, but can send what needs no permission: no body, no type.
    it('a page of another site can neither promote, nor roll back, nor cancel', async () => {
      const origin = { origin: 'https://example.org', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
      for (const path of [
        '/api/v1/models/demo/versions/1/promote',
        '/api/v1/models/demo/rollback',
        '/api/v1/runs/nobody-knows/cancel',
      ]) {
        const { status } = await at.rest.raw('POST', path, { ...origin, 'content-length': '0' });
        expect([401, 403], path).toContain(status);
      }
    });

    it('a caller with a token that is not known is not let in either', async () => {
      const answer = await at.rest.get('/api/v1/runs', { authorization: 'Bearer mr_guessed' });
      expectProblem(answer, 401, 'MR_TOKEN');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    });
  });
}
