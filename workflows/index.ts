import type { RunRequest } from '../activities/resolve.js';
import { runPipeline } from './runner.js';

export { alert } from './alert.js';
export { backfill } from './backfill.js';
export { explain } from './explain.js';
export { gc } from './gc.js';
export { trigger } from './trigger.js';

/** One exported name per pipeline: it is the workflow type. A test compares the names with the declarations. */
const sensorTraining = (request: RunRequest) => runPipeline(request);
const sensorPrediction = (request: RunRequest) => runPipeline(request);
const sourceInspection = (request: RunRequest) => runPipeline(request);

/** Pipelines of projects: whatever name is none of the above. */
export default (request: RunRequest) => runPipeline(request);

export {
  sensorPrediction as 'sensor-prediction',
  sensorTraining as 'sensor-training',
  sourceInspection as 'source-inspection',
};
