import { didYouMean } from '../config/nearest.js';
import type { ColumnLook } from './columns.js';
import type { Sure } from './numbers.js';

/** Columns that a person named for a role; null: found by name and content. */
export interface RoleChoice {
  time: readonly string[] | null;
  sensor: readonly string[] | null;
  value: readonly string[] | null;
}

/** What was decided, how sure it is, why, and what a person would write to have it otherwise. */
export interface Decision {
  what: string;
  decided: string;
  sure: Sure;
  why: string;
  fix: string;
}

/** What a table lacks to be one of readings. */
export class RoleMissing extends Error {
  constructor(
    readonly role: 'time' | 'sensor' | 'value',
    message: string,
    readonly columns: readonly string[],
  ) {
    super(message);
  }
}

/** The column that a person named. @throws RoleMissing when there is none */
export function columnNamed(columns: readonly ColumnLook[], name: string, role: RoleMissing['role']): ColumnLook {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  throw new RoleMissing(role, `there is no column "${name}".${didYouMean(name, names)}`, names);
}

/** Names as one writes them in YAML. */
export const yamlOf = (names: readonly string[]) => JSON.stringify(names.length === 1 ? names[0] : names);
