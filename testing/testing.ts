/** What tests of a project are written with: `import { … } from 'millrace/testing'`. */
export { replayHistory } from './replay.js';
export { type Given, rowOf } from './row.js';
export { type TestRun, testPipeline } from './test-pipeline.js';
