import { InvalidArgumentError } from 'commander';

/** Options that many commands have. */
export const JSON_OPTION = ['--json', 'print one JSON document on stdout and nothing else'] as const;
export const PARAMS_OPTION = ['--params <file>', 'take params from a YAML file'] as const;
export const SET_OPTION = '--set <name=value>';
export const SET_MEANING = 'set a param; may be given several times';

export const gather = (pair: string, all: string[]) => [...all, pair];

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('a whole number of at least 1');
}
