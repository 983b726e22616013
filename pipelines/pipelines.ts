import { MillraceError } from '../config/errors.js';
import { didYouMean } from '../config/nearest.js';
import { PIPELINES } from './index.js';
import { isOwnStep, type OwnStep } from './own-step.js';
import type { Pipeline } from './pipeline.js';

/** The pipelines there are: the built-in ones, and those of a project. */
export class Pipelines {
  readonly all: readonly Pipeline[];
  readonly names: readonly string[];
  /** The steps that the project brings. */
  readonly ownSteps: readonly OwnStep<Record<string, unknown>, unknown>[];

  constructor(own: readonly Pipeline[] = []) {
    this.all = [...PIPELINES, ...own];
    this.names = this.all.map(({ graph }) => graph.name);
    this.ownSteps = [...new Set(own.flatMap(({ graph }) => graph.steps.map(({ kind }) => kind)))].filter(isOwnStep);
  }

  /** The declaration of a pipeline. @throws MillraceError MR_PIPELINE_UNKNOWN */
  named(name: string): Pipeline {
    const found = this.all.find(({ graph }) => graph.name === name);
    if (found !== undefined) return found;
    throw new MillraceError('MR_PIPELINE_UNKNOWN', `there is no pipeline "${name}".${didYouMean(name, this.names)}`, {
      allowed: `pipelines: ${this.names.join(', ')}`,
    });
  }
}
