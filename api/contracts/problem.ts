import { z } from 'zod';

export const problem = z
  .object({
    type: z.string().describe('urn:millrace: and the code.'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('See docs/errors.md.'),
    detail: z.string().describe('What was found, what is allowed, what to do next.'),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
