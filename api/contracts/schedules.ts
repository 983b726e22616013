import { z } from 'zod';
import { SCHEDULE_NAME, scheduleSchema } from '../../config/schedule.js';
import { moment, text } from './common.js';

export const scheduleRequest = scheduleSchema
  .safeExtend({ name: text.regex(SCHEDULE_NAME, 'letters, digits, - and _').describe('What it is called.') })
  .meta({ id: 'ScheduleRequest' });

export const schedule = z
  .object({
    name: z.string(),
    declaration: z.record(z.string(), z.unknown()),
    declared: z.boolean().describe('Whether it stands in the configuration file.'),
    paused: z.boolean(),
    note: z.string().nullable(),
    next: z.array(moment),
    recent: z.array(z.object({ due: moment, taken: moment, workflowId: z.string().nullable() })),
    missed: z.int(),
    buffered: z.int(),
    running: z.array(z.string()),
  })
  .meta({ id: 'Schedule' });
