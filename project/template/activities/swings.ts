import { chunkStep } from 'millrace/pipeline';

/** How far the readings of each sensor go on each day. */
export const swings = chunkStep({
  name: 'swings',
  doc: 'finds how far the readings of each sensor go on each day',
  columns: ['lowest', 'highest', 'swing'],
  of({ values }) {
    let lowest = Infinity;
    let highest = -Infinity;
    for (const value of values) {
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
    return { lowest, highest, swing: highest - lowest };
  },
});
