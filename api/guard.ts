import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Millrace } from '../client/millrace.js';
import { tokensOf } from '../client/tokens.js';
import { isLoopback } from '../config/env.js';
import { mayAs, type Role } from '../config/roles.js';
import { isPagePath } from './page-files.js';
import { sendProblem } from './problem.js';

/**
 * What anybody who can reach the server may see: that it lives, how it is spoken to, and the page, which is code alone.
 * What the page shows, it asks for as every other caller does.
 */
const OPEN = new Set(['/healthz', '/readyz', '/api/openapi.json']);
const isOpen = (path: string) => OPEN.has(path) || isPagePath(path);

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose token the request came with; null on loopback. */
    caller: string | null;
  }
  interface FastifyContextConfig {
    /** What the caller is to be; where nothing is said, whoever may read may ask, and changes are for who operates. */
    role?: Role;
  }
}

/** What a caller of a route is to be. */
export const roleFor = (method: string, { role }: { role?: Role }): Role =>
  role ?? (method === 'GET' || method === 'HEAD' ? 'read' : 'operate');

/**
 * Lets in who may: beyond loopback only with a token; on loopback only under a name of this machine, so that no page in
 * a browser can reach it under a name of its own.
 */
export function installGuard(app: FastifyInstance, millrace: Millrace, host: string): void {
  const tokens = tokensOf(millrace);
  const local = isLoopback(host);
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request, reply) => {
    if (isOpen(request.url.split('?')[0]!)) return;
    if (local && !isLoopback(request.hostname.replace(/^\[|\]$/g, '')))
      return sendProblem(reply, 'MR_TOKEN', `this server is called 127.0.0.1 or localhost, not ${request.hostname}`);
    if (local && request.method !== 'GET' && isForeign(request))
      return sendProblem(reply, 'MR_TOKEN', `a page of ${request.headers.origin} may not change anything here`);
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const owner = token === undefined ? null : await tokens.ownerOf(token);
    request.caller = owner?.name ?? null;
    if (local && token === undefined) return;
    if (owner !== null) {
      const needed = roleFor(request.method, request.routeOptions.config);
      if (mayAs(owner.role, needed)) return;
      return sendProblem(
        reply,
        'MR_ROLE',
        `the token "${owner.name}" has the role ${owner.role}, and this needs ${needed}\n  millrace tokens create <name> --role ${needed} makes one that may`,
      );
    }
    reply.header('www-authenticate', 'Bearer');
    return sendProblem(
      reply,
      'MR_TOKEN',
      `${token === undefined ? 'no token came with the request' : 'the token is not known'}\n  send it as "Authorization: Bearer …"; millrace tokens create makes one`,
    );
  });
}

/** Whether a page of another site sent this: browsers say so, and other callers have no reason to. */
function isForeign({ headers: { origin, host } }: FastifyRequest): boolean {
  return origin !== undefined && origin !== `http://${host}`;
}
