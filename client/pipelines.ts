import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { PIPELINES } from '../pipelines/index.js';
import type { Pipeline } from '../pipelines/pipeline.js';

export { directNeeds, layOut, toMermaid } from '../dag/layout.js';
export type { Pipeline };
export { PIPELINES };

export const PIPELINE_NAMES: readonly string[] = PIPELINES.map(({ graph }) => graph.name);

/** The declaration of a pipeline. @throws MillraceError MR_PIPELINE_UNKNOWN */
export function pipelineNamed(name: string): Pipeline {
  const found = PIPELINES.find(({ graph }) => graph.name === name);
  if (found !== undefined) return found;
  throw new MillraceError('MR_PIPELINE_UNKNOWN', `there is no pipeline "${name}".${didYouMean(name, PIPELINE_NAMES)}`, {
    allowed: `pipelines: ${PIPELINE_NAMES.join(', ')}`,
  });
}
