import { ServiceError } from '@temporalio/client';
import { MillraceError } from '../config/errors.js';

/** Of Node's sockets, as Postgres' driver passes them on. */
const SOCKET = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);
/** Of Postgres: connections that fail, too many of them, a server that starts or stops. */
const SQLSTATE = /^(08|53300|57P0[123])/;
/** Postgres' driver gives these no code. */
const MESSAGES = /^Connection terminated|^timeout exceeded when trying to connect|^Client has encountered a connection/;
/** Of gRPC: DEADLINE_EXCEEDED, UNAVAILABLE. */
const GRPC = new Set([4, 14]);

/** An error of a client as one that says which service cannot be reached; any other as it is. */
export function asUnreachable(error: unknown): unknown {
  const service = unreachable(error);
  if (service === null) return error;
  const { next, name } = service;
  return new MillraceError('MR_SERVICE', `${name} cannot be reached`, { next }, { cause: error });
}

const TEMPORAL = { name: 'Temporal', next: 'check TEMPORAL_ADDRESS, and that the server runs' };
const POSTGRES = { name: 'Postgres', next: 'check DATABASE_URL, and that the server runs' };

function unreachable(error: unknown): typeof TEMPORAL | null {
  if (!(error instanceof Error)) return null;
  const { code } = error as { code?: unknown };
  if (typeof code === 'number') return GRPC.has(code) ? TEMPORAL : null;
  if (error instanceof ServiceError) return unreachable(error.cause);
  if (error instanceof AggregateError) return error.errors.map(unreachable).find((each) => each !== null) ?? null;
  const known = typeof code === 'string' ? SOCKET.has(code) || SQLSTATE.test(code) : MESSAGES.test(error.message);
  return known ? POSTGRES : null;
}
