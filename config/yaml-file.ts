import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { MillraceError } from './errors.js';
import { didYouMean } from './nearest.js';

/** A YAML file that was checked, and where its values stand. */
export interface YamlFile<T> {
  value: T;
  /** `millrace.yaml:3:5` of a value, or of the nearest one around it. */
  where(path: readonly PropertyKey[]): string;
}

/**
 * Reads and checks a YAML file. Errors name file, line and column; an unknown key names the nearest known one.
 * @throws MillraceError MR_CONFIG with all that is wrong
 */
export async function readYaml<S extends z.ZodType>(path: string, schema: S): Promise<YamlFile<z.output<S>>> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new MillraceError('MR_CONFIG', `${path} cannot be read: ${(cause as Error).message}`, {}, { cause });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const name = basename(path);
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new MillraceError(
      'MR_CONFIG',
      document.errors.map((error) => `${at(error.pos[0])} ${error.message}`).join('\n  '),
    );
  }
  const where = (keys: readonly PropertyKey[]) => at(offsetOf(document, keys));
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (parsed.success) return { value: parsed.data, where };
  const wrong = parsed.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [`${where(issue.path)} ${issue.path.join('.')}: ${issue.message}`];
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return `${where(path)} there is no "${path.join('.')}".${didYouMean(key, known)}${known.length > 0 ? ` Known: ${known.join(', ')}` : ''}`;
    });
  });
  throw new MillraceError('MR_CONFIG', wrong.join('\n  '));
}

/** Where a key begins, or the innermost of its parents that is there. */
function offsetOf(document: Document, keys: readonly PropertyKey[]): number {
  let offset = 0;
  let node: unknown = document.contents;
  for (const key of keys) {
    if (!isMap(node)) break;
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
    if (pair === undefined) break;
    if (isNode(pair.key) && pair.key.range) offset = pair.key.range[0];
    node = pair.value;
  }
  return offset;
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const key of path) at = childOf(at, key);
  return Object.keys(shapeOf(at) ?? {});
}

function childOf(schema: z.core.$ZodType | undefined, key: PropertyKey): z.core.$ZodType | undefined {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodRecord) return inner.valueType;
  if (inner instanceof z.ZodArray) return inner.element;
  return shapeOf(inner)?.[key as string];
}

/** The fields of an object schema, looked for below its defaults and optionals. */
function shapeOf(schema: z.core.$ZodType | undefined): Readonly<Record<string, z.core.$ZodType>> | undefined {
  const inner = unwrapped(schema);
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}

function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const wraps = schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable;
  return wraps ? unwrapped(schema.unwrap()) : schema;
}
