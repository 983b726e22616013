import { type Frame, rowsWhere } from '../ml/frame.js';
import type { Gate } from '../ml/metrics/gate.js';
import { readJson } from '../store/frames.js';
import type { Chunks, Manifest } from './chunk.js';
import type { Stores } from './context.js';
import type { Champion } from './model.js';
import { once } from './once.js';

/** How a run decides whether its model becomes champion. */
export interface Promotion extends Gate {
  how: 'gate' | 'always' | 'never';
  /** How many of the newest days the challenger is compared on. */
  holdoutDays: number;
}

export interface HoldoutInput {
  chunks: Chunks;
  champion: Champion | null;
  promotion: Promotion;
}

/** Output of the step: chunks from this day on are compared on, not trained on. */
export interface Holdout {
  /** `YYYY-MM-DD`, or null: nothing is held out. */
  from: string | null;
  chunks: number;
  /** Why nothing is held out, where a comparison was asked for. */
  reason: string | null;
}

/** Sets the newest days apart, where the model is to be compared with a champion. The next training takes them in. */
export function createHoldout(stores: Stores) {
  return once<HoldoutInput, Holdout>(stores, 'holdout', {
    key: ({ chunks, champion, promotion }) => [chunks.valueHash, isThere(champion), promotion],
    async run({ inputs: { chunks, champion, promotion } }) {
      const nothing = (reason: string | null): Holdout => ({ from: null, chunks: 0, reason });
      if (promotion.how !== 'gate' || !isThere(champion)) return nothing(null);
      const { days } = await readJson<Manifest>(stores.objects, chunks);
      const wanted = promotion.holdoutDays;
      if (days.length <= wanted) {
        const there = days.length === 1 ? 'there is 1 day' : `there are ${days.length} days`;
        return nothing(
          `${there} of chunks: none is left to train on when ${wanted} ${wanted === 1 ? 'is' : 'are'} held out`,
        );
      }
      const held = days.slice(-wanted);
      return { from: held[0]!.day, chunks: held.reduce((sum, day) => sum + day.chunks.length, 0), reason: null };
    },
  });
}

/** Whether there is a champion to compare with. */
const isThere = (champion: Champion | null) => champion !== null && !('gone' in champion);

/** The rows that are trained on. */
export function trainingRows(frame: Frame, { from }: Holdout): Frame {
  return from === null ? frame : rowsWhere(frame, (row) => frame.days[row]! < from);
}

/** The rows that are compared on. */
export function heldOutRows(frame: Frame, { from }: Holdout): Frame {
  return rowsWhere(frame, (row) => from !== null && frame.days[row]! >= from);
}
