import { z } from 'zod';
import type { RestAnswer } from './rest.js';

export interface Operation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  security?: Record<string, string[]>[];
  parameters?: { in: string; name: string; required?: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  description?: string;
  responses: Record<string, { description?: string; content?: Record<string, { schema: object }> }>;
}

/** As much of an OpenAPI document as is looked at. */
export interface Document {
  openapi: string;
  info: { title: string; version: string };
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
  security: Record<string, string[]>[];
  paths: Record<string, Record<string, Operation>>;
}

export const operationsOf = ({ paths }: Document): { method: string; path: string; operation: Operation }[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );

/** The operation that a call belongs to: of several, the one with the most fixed words. */
function operationOf(document: Document, { method, path }: RestAnswer): Operation | undefined {
  const parts = path.split('?')[0]!.split('/');
  const candidates = operationsOf(document).filter(({ method: own, path: template }) => {
    const words = template.split('/');
    return (
      own === method.toLowerCase() &&
      words.length === parts.length &&
      words.every((word, at) => word.startsWith('{') || word === parts[at])
    );
  });
  const holes = (template: string) => template.split('{').length;
  return candidates.sort((a, b) => holes(a.path) - holes(b.path))[0]?.operation;
}

/** Answers that are not as the document says they would be: status, kind of content, and the JSON itself. */
export function undocumented(document: Document, answers: readonly RestAnswer[]): string[] {
  const schemas = JSON.parse(
    JSON.stringify(document.components.schemas).replaceAll('#/components/schemas/', '#/$defs/'),
  ) as Record<string, object>;
  const check = (schema: object) => {
    const own = JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')) as object;
    return z.fromJSONSchema({ ...own, $defs: schemas } as Parameters<typeof z.fromJSONSchema>[0]);
  };
  const wrong = new Set<string>();
  for (const answer of answers) {
    const operation = operationOf(document, answer);
    if (operation === undefined) continue;
    const where = `${answer.method} ${answer.path.replace(/\?.*/, '')} ${answer.status}`;
    const response = operation.responses[answer.status];
    const type = answer.headers.get('content-type')?.split(';')[0];
    const schema = response?.content?.[type ?? '']?.schema;
    if (response === undefined) wrong.add(`${where}: no such status`);
    else if (answer.status === 204 && response.content === undefined && answer.text === '') continue;
    else if (schema === undefined) wrong.add(`${where}: not as ${type}`);
    else if (type?.endsWith('json')) {
      const { error } = check(schema).safeParse(JSON.parse(answer.text));
      if (error !== undefined) wrong.add(`${where}: ${z.prettifyError(error)}`);
    }
  }
  return [...wrong];
}
