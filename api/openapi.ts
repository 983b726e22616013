import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { ERRORS } from '../config/errors.js';
import type { Role } from '../config/roles.js';
import { problem } from './contracts/problem.js';
import { roleFor } from './guard.js';

const MEANINGS = {
  400: 'The call is wrong.',
  401: ERRORS.MR_TOKEN.meaning,
  403: ERRORS.MR_ROLE.meaning,
  404: 'There is none of that name.',
  409: 'It cannot be done as things stand.',
  413: ERRORS.MR_BODY_TOO_LARGE.meaning,
  415: 'Only JSON is taken.',
  422: ERRORS.MR_KEY_REUSED.meaning,
  429: ERRORS.MR_RATE.meaning,
  502: ERRORS.MR_ALERT.meaning,
  503: ERRORS.MR_SERVICE.meaning,
} as const;

type Document = ReturnType<typeof jsonSchemaTransformObject>;
type Status = keyof typeof MEANINGS;

/** What an operation may answer when it can't do what was asked: always a problem. */
export function problems(...statuses: Status[]) {
  const content = { 'application/problem+json': { schema: problem } };
  const all = [...statuses, 401, 429] as const;
  return Object.fromEntries(all.map((status) => [status, { description: MEANINGS[status], content }]));
}

/** Options of the OpenAPI document: what each route and its contracts say. */
export function openApi(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Millrace',
        version,
        description: 'Start pipelines, follow runs, read models and predictions, predict with a warm model.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      // Without one, on loopback.
      security: [{ token: [] }, {}],
    },
    transform: (route) => withRole(jsonSchemaTransform(route), route.route),
    transformObject: (document) => tidy(jsonSchemaTransformObject(document)),
  };
}

type Transformed = ReturnType<typeof jsonSchemaTransform>;

/** Says which role a caller needs, where reading is not enough. */
function withRole(
  { schema, url }: Transformed,
  { method, config }: { method: string | string[]; config?: { role?: Role } },
): Transformed {
  const role = roleFor([method].flat()[0]!, config ?? {});
  if (role === 'read' || schema?.hide === true) return { schema, url };
  const refused = {
    description: MEANINGS[403],
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  const description = [schema.description, `Needs the role ${role}.`].filter(Boolean).join(' ');
  return { url, schema: { ...schema, description, response: { ...(schema.response as object), 403: refused } } };
}

/**
 * Leaves out schemas that nothing refers to. Each contract comes twice, as it is sent and as it is answered; where only
 * the former is used, it keeps the contract's name.
 */
function tidy(document: Document): Document {
  const components = 'components' in document ? document.components : undefined;
  const schemas: Record<string, unknown> = components?.schemas ?? {};
  const used = new Set<string>();
  const visit = (part: unknown) => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name!)) continue;
      used.add(name!);
      visit(schemas[name!]);
    }
  };
  visit({ ...document, components: undefined });
  const shortened = (name: string) => {
    const short = name.replace(/Input$/, '');
    return used.has(short) ? name : short;
  };
  const kept = Object.fromEntries([...used].sort().map((name) => [shortened(name), schemas[name]]));
  const text = JSON.stringify({ ...document, components: { ...components, schemas: kept } });
  return JSON.parse(
    text.replaceAll(
      /"#\/components\/schemas\/([^"]+)"/g,
      (_, name: string) => `"#/components/schemas/${shortened(name)}"`,
    ),
  ) as Document;
}
