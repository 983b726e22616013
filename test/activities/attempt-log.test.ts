import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RunLog } from '../../activities/attempt-log.js';
import type { LogLine } from '../../store/tables/log-lines.js';

const silent = pino({ level: 'silent' });
let written: LogLine[][];
const log = () =>
  new RunLog(silent, async (lines) => {
    written.push(lines);
  });

beforeEach(() => {
  written = [];
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2024-03-01T00:00:00Z') });
});
afterEach(() => vi.useRealTimers());

it('writes what was said since the last time, in its order', async () => {
  const own = log();
  own.info('one', { n: 1 });
  own.warn('two');
  await own.flush();
  own.error('three', { code: 'MR_X' });
  await own.flush();
  await own.flush();
  expect(written.map((lines) => lines.map(({ level, message, fields }) => [level, message, fields]))).toEqual([
    [
      ['info', 'one', { n: 1 }],
      ['warn', 'two', {}],
    ],
    [['error', 'three', { code: 'MR_X' }]],
    [],
  ]);
  expect(written[0]![0]!.at).toEqual(new Date('2024-03-01T00:00:00Z'));
});

it('goes on where a log cannot be written', async () => {
  const warned = vi.spyOn(silent, 'warn');
  const own = new RunLog(silent, () => Promise.reject(new Error('no database')));
  own.info('lost');
  await own.flush();
  own.info('also lost');
  await own.flush();
  expect(warned).toHaveBeenCalledTimes(2);
});

it('keeps the first thousand lines of an attempt, and says that there were more', async () => {
  const own = log();
  for (let n = 0; n < 5000; n++) own.info(`line ${n}`);
  await own.flush();
  expect(written[0]).toHaveLength(1001);
  expect(written[0]!.at(-1)).toMatchObject({ level: 'warn', message: "more lines stand in the worker's log" });
});

it('says how far a long attempt is from time to time, and not twice the same', async () => {
  const own = log();
  for (let second = 0; second < 35; second++) {
    own.progress(Math.min(second, 20), 20, 'files');
    vi.setSystemTime(Date.now() + 1000);
  }
  await own.flush();
  expect(written[0]!.map(({ message }) => message)).toEqual(['10 of 20 files', '20 of 20 files']);
});
