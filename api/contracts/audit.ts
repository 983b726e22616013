import { z } from 'zod';
import { moment } from './common.js';

export const auditLine = z
  .object({
    id: z.int(),
    at: moment,
    caller: z.string().nullable().describe('Name of the token; null: none was needed, on loopback.'),
    address: z.string(),
    act: z.string(),
    target: z.string().describe('The same with its names.'),
    status: z.int().describe('What was answered.'),
  })
  .meta({ id: 'AuditLine' });
