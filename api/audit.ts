import type { FastifyInstance } from 'fastify';
import { writeAudit } from '../client/audit.js';
import type { Millrace } from '../client/millrace.js';
import { roleFor } from './guard.js';

/** Records who asked for a change and what came of it; also where it was refused to somebody who is known. */
export function installAudit(app: FastifyInstance, millrace: Millrace): void {
  app.addHook('onResponse', async (request, reply) => {
    const { method, caller, ip, routeOptions } = request;
    const { url } = routeOptions;
    if (method === 'GET' || method === 'HEAD') return;
    if (url === undefined || roleFor(method, routeOptions.config) === 'read' || reply.statusCode === 401) return;
    const entry = {
      caller,
      address: ip,
      act: `${method} ${url}`,
      target: request.url.split('?')[0]!,
      status: reply.statusCode,
    };
    // The answer has been given: one that cannot be recorded is told to whoever reads the server's log.
    await writeAudit(millrace, entry).catch((error: unknown) =>
      request.log.error({ ...entry, error: String(error) }, 'a change was not recorded in the audit log'),
    );
  });
}
