export { directNeeds, layOut, toMermaid } from '../dag/layout.js';
export type { Pipeline } from '../pipelines/pipeline.js';
export { Pipelines } from '../pipelines/pipelines.js';
