import { z } from 'zod';
import { pipeline } from './pipeline.js';
import { runParams } from './run-params.js';
import { fileParams, readParams, readShape } from './source-params.js';
import { inspect, reportInspection } from './steps.js';

export const inspectionParams = z.strictObject({ ...fileParams, ...readShape, ...runParams });

export const sourceInspection = pipeline({
  name: 'source-inspection',
  title: 'Find out how the files of a source are written',
  doc: 'Looks into the files of a source and says how a run would read them: what was decided, how sure that is, and why.',
  params: inspectionParams,
  pins: ['listing'],
  draw(step, p, { listing }) {
    const inspected = step(inspect, { listing, ...readParams(p) });
    return step(reportInspection, { listing, inspected }, 'report');
  },
});
