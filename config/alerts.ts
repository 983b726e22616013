import { z } from 'zod';

/** What a person may want to know at once. */
export const NOTICES = ['failed', 'left-out', 'asks', 'may-be-late', 'late', 'done', 'test'] as const;

export type NoticeKind = (typeof NOTICES)[number];

const kinds = z
  .array(z.enum(NOTICES).exclude(['test']))
  .min(1)
  .default(['failed', 'asks', 'may-be-late', 'late'])
  .describe(
    'failed: a run failed; left-out: it was done without files or days that failed; asks: it waits for a person; may-be-late: by the runs before, it will not keep its deadline; late: it did not; done.',
  );
const pipelines = z.array(z.string().min(1)).min(1).default(['*']).describe('Globs of the pipelines that are meant.');

/** Who is told: a server that is called, or people by e-mail. */
export const alertSchema = z.union([
  z.strictObject({
    webhook: z
      .url({ protocol: /^https?$/, error: 'an address as https://hooks.example.org/millrace' })
      .describe('Called with POST, signed as Standard Webhooks says.'),
    on: kinds,
    pipelines,
  }),
  z.strictObject({
    email: z.array(z.email()).min(1).max(100).describe('Addresses; all get one message.'),
    on: kinds,
    pipelines,
  }),
]);

export type AlertTarget = z.output<typeof alertSchema>;

/** Names of targets: they become part of workflow ids. */
export const ALERT_NAME = /^[a-z0-9][a-z0-9_-]{0,99}$/i;
