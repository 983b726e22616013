import {
  chunk,
  inspect,
  pipeline,
  publishTable,
  read,
  readParams,
  reportTable,
  ruleParams,
  runParams,
  sourceParams,
  z,
} from 'millrace/pipeline';
import { swings } from '../activities/swings.js';

export const dailySwings = pipeline({
  name: 'daily-swings',
  title: 'How far sensors swing each day',
  doc: 'Cuts sensor files into chunks of one sensor and one day, and finds the lowest and the highest reading of each.',
  params: z.strictObject({ ...sourceParams, ...runParams }),
  pins: ['listing', 'due'],
  draw(step, params, { listing, due }) {
    const inspected = step(inspect, { listing, ...readParams(params) });
    const staged = step(read, { inspected, tz: params.tz });
    const chunks = step(chunk, { staged, tz: params.tz, selection: due, ...ruleParams(params) });
    const table = step(swings, { chunks });
    const published = step(publishTable, { staged, chunks, table }, 'publish');
    return step(reportTable, { listing, inspected, chunks, table, published }, 'report');
  },
});
