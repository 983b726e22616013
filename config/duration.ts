import { format, parse } from '@lukeed/ms';
import { z } from 'zod';

/** ms of `10 s`, `5 min`, `1 day`; undefined when it is none. */
export function durationOf(text: string): number | undefined {
  const value = /^\d.*[a-z]$/i.test(text.trim()) ? parse(text.trim()) : undefined;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** `90 days`: a time of so many ms, for people. */
export const durationWords = (ms: number): string => format(ms, true);

const wrong = (text: string) => `"${text}" is no duration; write for example 10 s, 5 min, 1 h, 1 day`;

/** `10 s`, `5 min`, `1 day`: how long, in milliseconds. */
export const duration = z
  .string()
  .trim()
  .transform((text, context) => {
    const value = durationOf(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: wrong(text) });
    return z.NEVER;
  });

/** The same, left as it is written: for params. */
export const durationText = z
  .string()
  .trim()
  .superRefine((text, context) => {
    if (durationOf(text) === undefined) context.addIssue({ code: 'custom', message: wrong(text) });
  });
