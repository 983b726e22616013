import { z } from 'zod';
import { TRIGGER_NAME, triggerSchema } from '../../config/trigger.js';
import { moment, text } from './common.js';

export const triggerRequest = triggerSchema
  .safeExtend({ name: text.regex(TRIGGER_NAME, 'letters, digits, - and _').describe('What it is called.') })
  .meta({ id: 'TriggerRequest' });

export const trigger = z
  .object({
    name: z.string(),
    declaration: z.record(z.string(), z.unknown()),
    paused: z.boolean(),
    createdAt: moment,
    lookedAt: moment.nullable().describe('When its source was looked at last.'),
    error: z.string().nullable().describe('What was wrong with its source then.'),
    files: z.object({
      handedOver: z.int().describe('Files that a run was started for.'),
      waiting: z.int().describe('Files that are new, and may still be written.'),
      watermark: moment.nullable().describe('The newest change that was handed over.'),
    }),
  })
  .meta({ id: 'Trigger' });
