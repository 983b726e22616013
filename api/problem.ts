import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { asUnreachable } from '../client/unreachable.js';
import { ERRORS, type ErrorCode, MillraceError } from '../config/errors.js';

/** Codes whose HTTP status says more than that of their kind. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  MR_ALERT: 502,
  MR_BACKFILL_UNKNOWN: 404,
  MR_CHUNK_UNKNOWN: 404,
  MR_KEY_REUSED: 422,
  MR_MODEL_MISSING: 404,
  MR_SCHEDULE_UNKNOWN: 404,
  MR_TRIGGER_UNKNOWN: 404,
  MR_PIPELINE_UNKNOWN: 404,
  MR_RUN_UNKNOWN: 404,
  MR_OBJECT_MISSING: 404,
  MR_ROLE: 403,
  MR_TOKEN: 401,
  MR_RATE: 429,
  MR_BODY_TOO_LARGE: 413,
};
/** By exit code: the run failed, the call was wrong, a service cannot be reached. */
const BY_EXIT = { 1: 409, 2: 400, 3: 503 } as const;

const statusOf = (code: ErrorCode): number => STATUS[code] ?? BY_EXIT[ERRORS[code].exit];

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  errors?: { path: string; message: string }[];
}

/** Sends an error in the one shape all errors have (RFC 9457). */
export function sendProblem(
  reply: FastifyReply,
  code: ErrorCode,
  detail: string,
  { errors, status = statusOf(code) }: { errors?: Problem['errors']; status?: number } = {},
): FastifyReply {
  const problem: Problem = {
    type: `urn:millrace:${code}`,
    title: ERRORS[code].meaning,
    status,
    code,
    detail,
    ...(errors !== undefined && { errors }),
  };
  return reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}

/** Gives every error of a server that shape. What nobody foresaw is logged, and not shown. */
export function installProblems(app: FastifyInstance): void {
  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const error = asUnreachable(thrown) as FastifyError;
    if (error instanceof MillraceError) return sendProblem(reply, error.code, error.message);
    if (hasZodFastifySchemaValidationErrors(error)) {
      const errors = error.validation.map(({ instancePath, message }) => ({
        path: instancePath.slice(1).replaceAll('/', '.'),
        message: message ?? '',
      }));
      const where = error.validationContext ?? 'body';
      const detail = errors
        .map(({ path, message }) => `${[where, path].filter(Boolean).join('.')}: ${message}`)
        .join('\n  ');
      return sendProblem(reply, 'MR_CALL', detail, { errors });
    }
    const status = error.statusCode ?? 500;
    if (status === 413) return sendProblem(reply, 'MR_BODY_TOO_LARGE', error.message);
    if (status >= 400 && status < 500) return sendProblem(reply, 'MR_CALL', error.message, { status });
    request.log.error({ err: error }, 'a request failed');
    return sendProblem(reply, 'MR_INTERNAL', `something went wrong; the log has more under ${request.id}`, {
      status: 500,
    });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!;
    return sendProblem(
      reply,
      'MR_CALL',
      `there is nothing at ${request.method} ${path}\n  /api/openapi.json lists what there is`,
      { status: 404 },
    );
  });
}
