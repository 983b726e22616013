/** What decides whether a challenger becomes champion. */
export interface Gate {
  metric: 'mean-distance' | 'silhouette' | 'davies-bouldin';
  /** How much better the challenger must be, as a part of the champion's figure. */
  margin: number;
  /** Least held-out chunks; on fewer nothing is decided. */
  leastChunks: number;
  /** Largest share of held-out chunks that may be novel to the champion, 0 … 1: beyond it, the data are in doubt. */
  mostNovel: number;
}

/** Figures of one model on the held-out chunks; null where one is not defined. */
export interface HeldOutFigures {
  meanDistance: number;
  silhouette: number | null;
  daviesBouldin: number | null;
  /** Share of chunks that lie farther out than any in training. */
  novelShare: number;
}

export interface Judgement {
  better: boolean;
  /** In one sentence, with the figures. */
  reason: string;
}

interface Measure {
  of(figures: HeldOutFigures): number | null;
  name: string;
  higherIsBetter: boolean;
}

const MEASURES: Record<Gate['metric'], Measure> = {
  'mean-distance': { of: (f) => f.meanDistance, name: 'mean distance', higherIsBetter: false },
  silhouette: { of: (f) => f.silhouette, name: 'silhouette', higherIsBetter: true },
  'davies-bouldin': { of: (f) => f.daviesBouldin, name: 'Davies–Bouldin', higherIsBetter: false },
};

/** Judges a challenger by figures of both on the same held-out chunks. */
export function judge(gate: Gate, chunks: number, challenger: HeldOutFigures, champion: HeldOutFigures): Judgement {
  const no = (reason: string): Judgement => ({ better: false, reason });
  if (chunks < gate.leastChunks) return no(`${chunks} chunks were held out, at least ${gate.leastChunks} decide`);
  if (champion.novelShare > gate.mostNovel) {
    return no(
      `${percent(champion.novelShare)} of the held-out chunks are novel to the champion, more than ${percent(gate.mostNovel)}: the data are in doubt`,
    );
  }
  const { of, name, higherIsBetter } = MEASURES[gate.metric];
  const [own, other] = [of(challenger), of(champion)];
  if (own === null || other === null) return no(`the ${name} of the held-out chunks is not defined`);
  const needed = other + (higherIsBetter ? 1 : -1) * Math.abs(other) * gate.margin;
  const better = higherIsBetter ? own > needed : own < needed;
  const figures = `${name} ${own.toPrecision(4)} on ${chunks} held-out chunks`;
  const than = `than the champion's ${other.toPrecision(4)}`;
  if (gate.margin < 0) {
    const verdict = `${better ? 'not ' : ''}more than ${percent(-gate.margin)} worse`;
    return { better, reason: `${figures} is ${verdict} ${than}` };
  }
  const margin = gate.margin === 0 ? '' : ` by ${percent(gate.margin)}`;
  return { better, reason: `${figures} is ${better ? '' : 'not '}better ${than}${margin}` };
}

const percent = (share: number) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
