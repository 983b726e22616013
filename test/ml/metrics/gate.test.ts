import { describe, expect, it } from 'vitest';
import { type Gate, type HeldOutFigures, judge } from '../../../ml/metrics/gate.js';

const GATE: Gate = { metric: 'mean-distance', margin: 0, leastChunks: 10, mostNovel: 0.5 };
const FIGURES: HeldOutFigures = { meanDistance: 2, silhouette: 0.4, daviesBouldin: 0.8, novelShare: 0 };

interface Case {
  gate?: Partial<Gate>;
  chunks?: number;
  challenger?: Partial<HeldOutFigures>;
  champion?: Partial<HeldOutFigures>;
}

const judged = ({ gate, chunks = 20, challenger, champion }: Case) =>
  judge({ ...GATE, ...gate }, chunks, { ...FIGURES, ...challenger }, { ...FIGURES, ...champion });

/** A metric by the figure it compares: one that is better and one that is worse than that of `FIGURES`. */
const METRICS = [
  { metric: 'mean-distance', figure: 'meanDistance', better: 1.9, worse: 2.1 },
  { metric: 'silhouette', figure: 'silhouette', better: 0.41, worse: 0.39 },
  { metric: 'davies-bouldin', figure: 'daviesBouldin', better: 0.79, worse: 0.81 },
] as const;

describe.each(METRICS)('by $metric', ({ metric, figure, better, worse }) => {
  const by = (own: number) => judged({ gate: { metric }, challenger: { [figure]: own } }).better;

  it('the challenger wins with the better figure only', () => {
    expect([by(better), by(worse)]).toEqual([true, false]);
  });

  it('the same figure is not better', () => {
    expect(by(FIGURES[figure]!)).toBe(false);
  });

  it('no other figure counts', () => {
    const others = METRICS.filter((each) => each.figure !== figure);
    const worseElsewhere = Object.fromEntries(others.map((each) => [each.figure, each.worse]));
    const betterElsewhere = Object.fromEntries(others.map((each) => [each.figure, each.better]));
    expect(judged({ gate: { metric }, challenger: { ...worseElsewhere, [figure]: better } }).better).toBe(true);
    expect(judged({ gate: { metric }, challenger: { ...betterElsewhere, [figure]: worse } }).better).toBe(false);
  });
});

describe('the margin', () => {
  // Figures and margins are sums of powers of two, so that the boundary is met exactly.
  it.each([
    ['mean-distance', 'meanDistance', 4, 0.25, 3, 2.999],
    ['davies-bouldin', 'daviesBouldin', 4, 0.25, 3, 2.999],
    ['silhouette', 'silhouette', 0.5, 0.25, 0.625, 0.626],
    ['silhouette', 'silhouette', -0.5, 0.25, -0.375, -0.374],
  ] as const)(
    'by %s asks for more than a part of the champion’s figure',
    (metric, figure, champion, margin, just, more) => {
      const wins = (own: number) =>
        judged({ gate: { metric, margin }, challenger: { [figure]: own }, champion: { [figure]: champion } }).better;
      expect([wins(just), wins(more)]).toEqual([false, true]);
    },
  );

  it.each([
    ['mean-distance', 'meanDistance', 4, -0.25, 5, 4.999],
    ['davies-bouldin', 'daviesBouldin', 4, -0.25, 5, 4.999],
    ['silhouette', 'silhouette', 0.5, -0.25, 0.375, 0.376],
    ['silhouette', 'silhouette', -0.5, -0.25, -0.625, -0.624],
  ] as const)(
    'below 0 by %s lets the challenger be that much worse, not more',
    (metric, figure, champion, margin, just, less) => {
      const wins = (own: number) =>
        judged({ gate: { metric, margin }, challenger: { [figure]: own }, champion: { [figure]: champion } }).better;
      expect([wins(just), wins(less)]).toEqual([false, true]);
    },
  );

  it('lets no worse silhouette pass where the champion’s is negative', () => {
    const gate = { metric: 'silhouette', margin: 0.1 } as const;
    expect(judged({ gate, challenger: { silhouette: -0.21 }, champion: { silhouette: -0.2 } }).better).toBe(false);
  });
});

describe('nothing is decided', () => {
  it('on fewer chunks than are asked for', () => {
    const challenger = { meanDistance: 1 };
    expect(judged({ chunks: 9, challenger })).toEqual({
      better: false,
      reason: '9 chunks were held out, at least 10 decide',
    });
    expect(judged({ chunks: 10, challenger }).better).toBe(true);
  });

  it('when more of the chunks are novel to the champion than are allowed', () => {
    const challenger = { meanDistance: 1 };
    expect(judged({ challenger, champion: { novelShare: 0.51 } })).toEqual({
      better: false,
      reason: '51 % of the held-out chunks are novel to the champion, more than 50 %: the data are in doubt',
    });
    expect(judged({ challenger, champion: { novelShare: 0.5 } }).better).toBe(true);
  });

  it('says small shares with a digit more', () => {
    const { reason } = judged({ gate: { mostNovel: 0 }, champion: { novelShare: 0.025 } });
    expect(reason).toBe(
      '2.5 % of the held-out chunks are novel to the champion, more than 0.0 %: the data are in doubt',
    );
  });

  it('counts what is novel to the champion, not to the challenger', () => {
    expect(judged({ challenger: { meanDistance: 1, novelShare: 1 } }).better).toBe(true);
  });

  it.each([
    ['silhouette', { silhouette: null }, {}, 'silhouette'],
    ['silhouette', {}, { silhouette: null }, 'silhouette'],
    ['davies-bouldin', { daviesBouldin: null }, {}, 'Davies–Bouldin'],
    ['davies-bouldin', {}, { daviesBouldin: null }, 'Davies–Bouldin'],
  ] as const)('by %s where a model has none: challenger %j, champion %j', (metric, challenger, champion, name) => {
    expect(judged({ gate: { metric }, challenger, champion })).toEqual({
      better: false,
      reason: `the ${name} of the held-out chunks is not defined`,
    });
  });

  it('by a figure that is not asked for is no reason', () => {
    const challenger = { meanDistance: 1, silhouette: null, daviesBouldin: null };
    expect(judged({ challenger, champion: { silhouette: null, daviesBouldin: null } }).better).toBe(true);
  });
});

describe('the reason', () => {
  it.each<[Case, string]>([
    [
      { challenger: { meanDistance: 1.23456 } },
      "mean distance 1.235 on 20 held-out chunks is better than the champion's 2.000",
    ],
    [
      { challenger: { meanDistance: 2 } },
      "mean distance 2.000 on 20 held-out chunks is not better than the champion's 2.000",
    ],
    [
      { gate: { metric: 'silhouette' }, chunks: 300, challenger: { silhouette: 0.5 } },
      "silhouette 0.5000 on 300 held-out chunks is better than the champion's 0.4000",
    ],
    [
      { gate: { metric: 'davies-bouldin' }, challenger: { daviesBouldin: 1 } },
      "Davies–Bouldin 1.000 on 20 held-out chunks is not better than the champion's 0.8000",
    ],
    [
      { gate: { margin: 0.2 }, challenger: { meanDistance: 1 } },
      "mean distance 1.000 on 20 held-out chunks is better than the champion's 2.000 by 20 %",
    ],
    [
      { gate: { margin: 0.05 }, challenger: { meanDistance: 1.95 } },
      "mean distance 1.950 on 20 held-out chunks is not better than the champion's 2.000 by 5.0 %",
    ],
  ])('has the figures: %j', (testCase, reason) => {
    expect(judged(testCase).reason).toBe(reason);
  });

  it('does not call a figure better that is only not too much worse', () => {
    const { better, reason } = judged({ gate: { margin: -0.2 }, challenger: { meanDistance: 2.2 } });
    expect(better).toBe(true);
    expect(reason).toContain('mean distance 2.200 on 20 held-out chunks');
    expect(reason).not.toContain("is better than the champion's 2.000");
  });
});
