import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeptRecords, refsIn } from '../../store/kept.js';
import { KeptRows } from '../../store/kept-rows.js';
import { FolderStore } from '../../store/objects/folder-store.js';

let folder: string;
let objects: FolderStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-kept-'));
  objects = new FolderStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('kept records', () => {
  const records = () => new KeptRecords<{ n: number; ref?: { uri: string } }>(objects, 'step', refsIn);

  it('are there once they were put', async () => {
    expect(await records().get('k1')).toBeNull();
    await records().put('k1', { n: 1 });
    expect(await records().get('k1')).toEqual({ n: 1 });
    expect(await records().must('k1')).toEqual({ n: 1 });
    expect(await records().get('k2')).toBeNull();
  });

  it('are not there when an object that they speak of is gone', async () => {
    await objects.write('x', 'x');
    await records().put('k', { n: 1, ref: { uri: 'x' } });
    expect(await records().get('k')).not.toBeNull();
    await objects.remove('x');
    expect(await records().get('k')).toBeNull();
    await expect(records().must('k')).rejects.toMatchObject({ code: 'MR_OBJECT_MISSING' });
  });

  it('are not there when they were cut short', async () => {
    await records().put('k', { n: 1 });
    const [key] = await objects.list('kept/step/');
    await objects.write(key!, '{"n":');
    expect(await records().get('k')).toBeNull();
  });
});

describe('kept rows', () => {
  const rows = () => new KeptRows(objects, 'kept/rows', ['a', 'b']);
  const march = (from: number, to = from) => ({ from: `2026-03-0${from}`, to: `2026-03-0${to}` });

  it('are found again over several parts, whatever the order they are asked for in', async () => {
    await rows().put(['k1', 'k2'], Float64Array.of(1, 10, 2, 20), march(1, 2));
    await rows().put(['k3'], Float64Array.of(3, 30), march(3));
    expect(await rows().present(march(1, 3))).toEqual(new Set(['k1', 'k2', 'k3']));
    const data = new Float64Array(8);
    expect(await rows().fill(['k3', 'k1', 'k3', 'none'], data, march(1, 3))).toEqual(['none']);
    expect([...data]).toEqual([3, 30, 1, 10, 3, 30, 0, 0]);
  });

  it('are read of the days that are asked for, and of no others', async () => {
    await rows().put(['k1', 'k2'], Float64Array.of(1, 10, 2, 20), march(1, 4));
    await rows().put(['k5'], Float64Array.of(5, 50), march(5));
    await rows().put(['k7'], Float64Array.of(7, 70), march(7));
    const read = vi.spyOn(objects, 'read');
    expect(await rows().present(march(4, 5))).toEqual(new Set(['k1', 'k2', 'k5']));
    expect(await rows().present(march(6))).toEqual(new Set());
    expect(await rows().fill(['k7'], new Float64Array(2), march(7, 9))).toEqual([]);
    expect(read).toHaveBeenCalledTimes(3);
  });

  it('are made again when the part that held them was cut short', async () => {
    await rows().put(['k1'], Float64Array.of(1, 10), march(1));
    await rows().put(['k2'], Float64Array.of(2, 20), march(1));
    const [part] = await objects.list('kept/rows/');
    await objects.write(part!, 'PAR1 and no more');
    const present = await rows().present(march(1));
    expect(present.size).toBe(1);
    expect(await objects.has(part!)).toBe(false);
    expect(await rows().fill(['k1', 'k2'], new Float64Array(4), march(1))).toEqual(
      ['k1', 'k2'].filter((key) => !present.has(key)),
    );
  });
});
