import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import type { problem as problemContract } from '../../api/contracts/problem.js';
import { step } from '../../api/contracts/runs.js';
import type { ErrorCode } from '../../config/errors.js';
import type { Workplace } from './cli.js';

export type Problem = z.output<typeof problemContract>;

/** An answer, with the call it was given to. */
export interface RestAnswer {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  text: string;
}

export interface CallOptions {
  /** Sent as JSON; a text as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** The REST server of a work folder, as a program far away calls it. */
export class Rest {
  /** Everything that was answered. */
  readonly answers: RestAnswer[] = [];

  constructor(
    private readonly work: Pick<Workplace, 'home'>,
    private readonly headers: Record<string, string> = {},
  ) {}

  /** Where it listens: another port after every start. */
  async url(): Promise<string> {
    const { rest } = JSON.parse(await readFile(join(this.work.home, 'services.json'), 'utf8')) as {
      rest: { url: string };
    };
    return rest.url;
  }

  async call(method: string, path: string, { body, headers = {} }: CallOptions = {}): Promise<RestAnswer> {
    const response = await fetch(`${await this.url()}${path}`, {
      method,
      headers: { ...this.headers, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const { status, headers: answered } = response;
    const answer = { method, path, status, headers: answered, text: await response.text() };
    this.answers.push(answer);
    return answer;
  }

  get(path: string, headers?: Record<string, string>): Promise<RestAnswer> {
    return this.call('GET', path, { ...(headers && { headers }) });
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<RestAnswer> {
    return this.call('POST', path, { body, ...(headers && { headers }) });
  }

  /** A stream that goes on until it is aborted, or the server ends it. */
  async open(path: string, signal?: AbortSignal): Promise<Response> {
    return fetch(`${await this.url()}${path}`, { headers: this.headers, ...(signal && { signal }) });
  }

  /** A call with headers that `fetch` does not let through, as a foreign `Host`. */
  async raw(method: string, path: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
    const { hostname, port } = new URL(await this.url());
    return new Promise((resolve, reject) => {
      const call = httpRequest({ hostname, port, method, path, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (data: string) => {
          text += data;
        });
        response.once('end', () => resolve({ status: response.statusCode!, text }));
      });
      call.once('error', reject).end();
    });
  }
}

/** What a good answer says, checked against its contract; it holds what the contract has, and nothing more. */
export function said<T extends z.ZodType>(contract: T, answer: RestAnswer, status = 200): z.output<T> {
  expect(answer.status, `${answer.method} ${answer.path}: ${answer.text}`).toBe(status);
  const body: unknown = JSON.parse(answer.text);
  const value = contract.parse(body);
  expect(value).toEqual(body);
  return value;
}

/** An error in the shape that all errors have. Returns it, for what it says. */
export function expectProblem(
  { method, path, status, headers, text }: Pick<RestAnswer, 'method' | 'path' | 'status' | 'headers' | 'text'>,
  wanted: number,
  code: ErrorCode,
): Problem {
  expect(status, `${method} ${path}: ${text}`).toBe(wanted);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
  const problem = JSON.parse(text) as Problem;
  expect(problem).toMatchObject({ type: `urn:millrace:${code}`, status: wanted, code });
  expect(problem.title).toMatch(/^[A-Z].*\.$/);
  expect(problem.detail).not.toBe('');
  return problem;
}

const progress = z.object({ state: z.enum(['running', 'done', 'failed', 'cancelled']), steps: z.array(step) });
export type Progress = z.output<typeof progress>;

/** Server-sent events named "progress", read by hand: lines with a name and data, an empty line behind each event. */
export async function* progressOf(response: Response): AsyncGenerator<Progress> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of response.body!) {
    text += decoder.decode(bytes as Uint8Array, { stream: true });
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      if (lines.every((line) => line.startsWith(':'))) continue;
      expect(lines).toEqual(['event: progress', expect.stringMatching(/^data: /)]);
      yield progress.parse(JSON.parse(lines[1]!.slice('data: '.length)));
    }
  }
  expect(text, 'the stream ended in the middle of an event').toBe('');
}
