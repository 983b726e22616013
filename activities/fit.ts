import { MillraceError } from '../config/errors.js';
import type { StepCall } from '../dag/plan.js';
import type { Ref } from '../dag/ref.js';
import type { FeatureGroup } from '../ml/features/chunk-features.js';
import { type CreatorOptions, type FeatureCreator, fitCreator, type Scaling } from '../ml/features/creator.js';
import type { Frame } from '../ml/frame.js';
import { readFrame, readJson, writeJson } from '../store/frames.js';
import type { Attempt, Stores } from './context.js';
import type { FeatureTable } from './features.js';
import { type Holdout, trainingRows } from './holdout.js';
import type { Parent } from './model.js';
import { once } from './once.js';

export interface FitInput {
  features: FeatureTable;
  parent: Parent | null;
  holdout: Holdout;
  groups: FeatureGroup[];
  scaling: Scaling;
  maxMissing: number;
  limit: number | null;
  balance: boolean;
}

/** Output of the step: a feature creator, an artefact of its own. */
export interface CreatorRef {
  ref: Ref;
}

/** Fits the feature creator, or keeps the parent's: a model that is continued must see the same features. */
export function createFit(stores: Stores) {
  return once<FitInput, CreatorRef>(stores, 'fit', {
    key: ({ features, parent, holdout, ...params }) =>
      parent === null
        ? [features.ref.valueHash, holdout.from, params]
        : ['of the parent', parent.creator.ref.valueHash],
    async run({ inputs }: StepCall<FitInput>, attempt: Attempt) {
      const { parent } = inputs;
      if (parent !== null) {
        await readJson<FeatureCreator>(stores.objects, parent.creator.ref);
        return parent.creator;
      }
      const frame = trainingRows(await readFrame(stores.objects, inputs.features.ref), inputs.holdout);
      const creator = fitOrExplain(frame, inputs);
      attempt.measure('columns', creator.columns.length);
      attempt.measure('dropped', creator.dropped.length);
      const ref = await writeJson(stores.objects, 'creators', creator, creator.columns.length);
      return { ref };
    },
  });
}

function fitOrExplain(frame: Frame, options: CreatorOptions): FeatureCreator {
  try {
    return fitCreator(frame, options);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new MillraceError('MR_NO_FEATURES', `${frame.days.length} chunks: ${cause.message}`, {
      next: 'take more days or sensors, more groups of features, or a larger maxMissing',
    });
  }
}
