import { z } from 'zod';

/**
 * What goes over the wire, in and out, by subject; here what many of them are made of. From these come the checks of
 * requests and the OpenAPI document.
 */

export const moment = z.iso.datetime();
// Postgres has no text with NUL, and integers of 32 bits.
export const text = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is refused; its short form is not known to all who read the document
  .regex(/^[^\u0000]*$/, 'must not contain NUL')
  .max(500);
export const named = z.object({ name: text.min(1) });
export const runNamed = z.object({ id: text.min(1) });
export const largestVersion = 2 ** 31 - 1;

export const interval = z
  .strictObject({ start: moment, end: moment })
  .refine(({ start, end }) => !(Date.parse(start) >= Date.parse(end)), { error: 'the end is after the start' })
  .meta({ id: 'Interval' });
