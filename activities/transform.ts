import { MillraceError } from '../config/errors.js';
import type { Ref } from '../dag/ref.js';
import { type FeatureCreator, transform } from '../ml/features/creator.js';
import { readFrame, readJson, writeFrame } from '../store/frames.js';
import type { Stores } from './context.js';
import type { FeatureTable } from './features.js';
import type { CreatorRef } from './fit.js';
import { once } from './once.js';

export interface TransformInput {
  features: FeatureTable;
  creator: CreatorRef;
}

/** Output of the step: features without missing values, scaled, and by which creator. */
export interface Table {
  ref: Ref;
  creator: string;
  columns: number;
}

/** Makes the table that models see from raw features, with a fitted creator. */
export function createTransform(stores: Stores) {
  return once<TransformInput, Table>(stores, 'transform', {
    key: ({ features, creator }) => [features.ref.valueHash, creator.ref.valueHash],
    async run({ inputs }, attempt) {
      const creator = await readJson<FeatureCreator>(stores.objects, inputs.creator.ref);
      const raw = await readFrame(stores.objects, inputs.features.ref);
      const lacking = creator.columns.filter(({ name }) => !raw.columns.includes(name)).map(({ name }) => name);
      if (lacking.length > 0) {
        throw new MillraceError(
          'MR_CREATOR_MISMATCH',
          `the creator needs features that this version does not make: ${lacking.join(', ')}`,
          {
            next: 'train a new lineage with refit=true',
          },
        );
      }
      const frame = transform(raw, creator);
      attempt.measure('rows', frame.days.length);
      attempt.measure('columns', frame.columns.length);
      return {
        ref: await writeFrame(stores.objects, 'tables', frame),
        creator: inputs.creator.ref.valueHash,
        columns: frame.columns.length,
      };
    },
  });
}
