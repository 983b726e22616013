import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adjustedRand } from '../../../ml/metrics/adjusted-rand.js';

const text = await readFile(new URL('../../fixtures/ml/metrics.json', import.meta.url), 'utf8');
const { rand }: { rand: { name: string; a: number[]; b: number[]; adjustedRand: number }[] } = JSON.parse(text);

const twoLabelings = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { minLength: 2, maxLength: 40 });

describe('the adjusted Rand index', () => {
  it.each(rand)('is that of scikit-learn: $name', ({ a, b, adjustedRand: wanted }) => {
    expect(adjustedRand(a, b)).toBeCloseTo(wanted, 12);
  });

  it('takes labels that are names', () => {
    expect(adjustedRand(['a', 'a', 'b'], ['warm', 'warm', 'cold'])).toBe(1);
  });

  it('does not take a number for the text of it', () => {
    expect(adjustedRand([1, '1', 1, '1'], [0, 1, 0, 1])).toBe(1);
  });

  it('is the same both ways round', () => {
    fc.assert(
      fc.property(twoLabelings, (pairs) => {
        const a = pairs.map(([first]) => first);
        const b = pairs.map(([, second]) => second);
        expect(adjustedRand(a, b)).toBeCloseTo(adjustedRand(b, a), 12);
      }),
    );
  });

  it('is 1 for a labeling and itself', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 40 }), (labels) => {
        expect(adjustedRand(labels, labels)).toBe(1);
      }),
    );
  });
});
