/** One comparison, taken in one run: ours and the peer in turn. */
export interface Row {
  name: string;
  ours: number;
  peer: number | null;
  peerName: string;
  /** How many times better ours is: above 1 is better, whatever the unit. */
  ratio: number | null;
  unit: string;
  higherIsBetter: boolean;
}

export function row(
  name: string,
  unit: string,
  ours: number,
  peer: { name: string; value: number | null },
  higherIsBetter = false,
): Row {
  const ratio = peer.value === null ? null : higherIsBetter ? ours / peer.value : peer.value / ours;
  return { name, ours, peer: peer.value, peerName: peer.name, ratio, unit, higherIsBetter };
}

/** The middle of an odd number of measurements, the lower middle of an even one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1]!;
}
