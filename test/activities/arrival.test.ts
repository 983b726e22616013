import { describe, expect, it } from 'vitest';
import { arrivalOf, type ListedFile } from '../../activities/arrival.js';
import type { SeenFile } from '../../store/tables/triggers.js';

const SETTLE = 60;

/** A source that is looked at again and again, and what is remembered of it. */
class Watched {
  readonly known = new Map<string, SeenFile>();

  /** @param files print by path. Returns the paths that arrived. */
  look(nowMs: number, files: Record<string, string>): string[] {
    const listed: ListedFile[] = Object.entries(files).map(([path, print]) => ({ path, print, modifiedMs: 0 }));
    const { seen, arrival } = arrivalOf(this.known, listed, SETTLE, nowMs, 'scope');
    for (const file of seen) this.known.set(file.path, file);
    this.last = arrival;
    return [...this.known.values()]
      .filter((file) => arrival !== null && file.arrival === arrival)
      .map(({ path }) => path);
  }

  last: string | null = null;

  handOver(): void {
    for (const file of this.known.values())
      if (file.arrival === this.last) this.known.set(file.path, { ...file, handedOver: true });
  }
}

describe('what arrives', () => {
  it('is handed over when it did not change for as long as it takes to settle', () => {
    const source = new Watched();
    expect(source.look(0, { a: '1' })).toEqual([]);
    expect(source.look(59, { a: '1' })).toEqual([]);
    expect(source.look(60, { a: '1' })).toEqual(['a']);
    source.handOver();
    expect(source.look(120, { a: '1' })).toEqual([]);
  });

  it('is waited for while it grows, together with what came before', () => {
    const source = new Watched();
    source.look(0, { a: '1' });
    expect(source.look(50, { a: '1', b: '1' })).toEqual([]);
    expect(source.look(70, { a: '1', b: '2' })).toEqual([]);
    expect(source.look(130, { a: '1', b: '2' })).toEqual(['a', 'b']);
  });

  it('is not waited for without end: what is whole goes first', () => {
    const source = new Watched();
    for (let now = 0; now < 600; now += 30) expect(source.look(now, { a: '1', log: String(now) })).toEqual([]);
    expect(source.look(600, { a: '1', log: '600' })).toEqual(['a']);
  });

  it('is one arrival until it is handed over, whatever comes meanwhile', () => {
    const source = new Watched();
    source.look(0, { a: '1' });
    source.look(60, { a: '1' });
    const first = source.last;
    expect(source.look(61, { a: '2', b: '1' })).toEqual(['a']);
    expect(source.last).toBe(first);
    source.handOver();
    expect(source.look(62, { a: '2', b: '1' })).toEqual([]);
    expect(source.look(122, { a: '2', b: '1' })).toEqual(['a', 'b']);
    expect(source.last).not.toBe(first);
  });

  it('is nothing where files are gone', () => {
    const source = new Watched();
    source.look(0, { a: '1', b: '1' });
    expect(source.look(60, { b: '1' })).toEqual(['b']);
    source.handOver();
    expect(source.look(200, {})).toEqual([]);
  });
});
