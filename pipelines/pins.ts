import type { CreatorRef } from '../activities/fit.js';
import type { Promotion } from '../activities/holdout.js';
import type { Selection } from '../activities/interval.js';
import type { Champion, Parent } from '../activities/model.js';
import type { Listing } from '../activities/source.js';

/** What a pipeline can be pinned to: found when a run begins, it stays what it is while the run lasts. */
export interface PinTypes {
  /** The files of the source. */
  listing: Listing;
  /** The version that is continued. */
  parent: Parent | null;
  champion: Champion | null;
  /** How it is decided whether the new version becomes champion. */
  promotion: Promotion;
  /** The days that the parent has not seen. */
  unseen: Selection;
  /** The days that the params name, or the interval of the run. */
  due: Selection;
  /** The version to predict with, and its feature creator. */
  model: Parent;
  creator: CreatorRef;
}

export type PinName = keyof PinTypes;

interface PinAbout {
  /** The kind of edge that it gives. */
  kind: string;
  /** The params that it depends on. */
  params: readonly string[];
  /** A run that is made from another has it found anew, also when these params are the same. */
  anew?: true;
}

/** What each is, and depends on. */
export const PINS: Readonly<Record<PinName, PinAbout>> = {
  listing: { kind: 'listing', params: ['source', 'files', 'query'] },
  parent: { kind: 'parent', params: ['model', 'parent', 'refit'] },
  champion: { kind: 'champion', params: ['model'], anew: true },
  promotion: { kind: 'promotion', params: ['promote', 'gate'], anew: true },
  unseen: { kind: 'selection', params: ['model', 'parent', 'refit', 'from', 'to', 'tz'] },
  due: { kind: 'selection', params: ['from', 'to', 'tz'] },
  model: { kind: 'registered-model', params: ['model', 'version'] },
  creator: { kind: 'creator', params: ['model', 'version'] },
};

export const isPin = (name: string): name is PinName => Object.hasOwn(PINS, name);
