import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Account } from '../../activities/chunk.js';
import { MillraceError } from '../../config/errors.js';
import { chunkSource, writeSource } from '../support/sensor-source.js';
import { type TestStores, testStores } from '../support/stores.js';

// Small sources with all that can go wrong in them, and beside the chunker a naive model that knows what was meant.

let stores: TestStores;
beforeAll(async () => {
  stores = await testStores();
});
afterAll(() => stores.close());

/** Zones without switches: the model knows them by their offset. */
const ZONES = { UTC: 0, 'Asia/Kathmandu': 345, 'America/Bogota': -300 };
type Zone = keyof typeof ZONES;

/** A cell as it is written, and what it means; null: nothing that can be used. */
interface Time {
  text(tz: Zone): string;
  /** Minutes since 1970. */
  minutes: number | null;
}
interface Value {
  text: string;
  value: number | 'missing' | 'bad';
}

interface LongRecord {
  time: Time;
  sensor: string;
  value: Value;
  /** More or fewer cells than the header has. */
  torn: boolean;
}
interface WideRecord {
  time: Time;
  values: [Value, Value];
  torn: boolean;
}
type File = { end: '\n' | '\r\n' } & (
  | { form: 'long'; records: LongRecord[] }
  | { form: 'wide'; records: WideRecord[] }
);

interface Case {
  files: File[];
  tz: Zone;
  from: string | null;
  to: string | null;
}

const FIRST = Date.parse('2024-02-27T18:00:00Z') / 60_000;
const iso = (minutes: number) => new Date(minutes * 60_000).toISOString().slice(0, 19);

const goodTime: fc.Arbitrary<Time> = fc
  .record({ step: fc.nat(16), style: fc.constantFrom('zone', 'offset', 'none') })
  .map(({ step, style }) => {
    // Every 331 minutes for some four days: often the same moment, sometimes at the edge of a day.
    const minutes = FIRST + step * 331;
    const text = (tz: Zone) => {
      if (style === 'zone') return `${iso(minutes)}Z`;
      if (style === 'offset') return `${iso(minutes - 90)}-01:30`;
      return iso(minutes + ZONES[tz]).replace('T', ' ');
    };
    return { text, minutes };
  });
const badTime: fc.Arbitrary<Time> = fc
  .constantFrom('', 'soon', '2024-02-30', '2999-01-01', '1960-01-01T00:00:00Z', '13:00')
  .map((text) => ({ text: () => text, minutes: null }));
const time = fc.oneof({ weight: 12, arbitrary: goodTime }, { weight: 1, arbitrary: badTime });

const value: fc.Arbitrary<Value> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((x) => ({ text: Object.is(x, -0) ? '-0' : String(x), value: x + 0 })),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('', 'NA', 'null', '-', ' ', 'NaN').map((text) => ({ text, value: 'missing' as const })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('on', '"1,5"', '-inf', '1e400', '0x1').map((text) => ({ text, value: 'bad' as const })),
  },
);

const torn = fc.nat(15).map((n) => n === 0);
const end = fc.constantFrom('\n' as const, '\r\n' as const);
// Some sensors of long files are those of wide ones, which are called after file and column.
const sensor = fc.constantFrom('p', 'Q q', 'f0/p', 'f1/q', '"r, ""s"""', '');

/** As many good records before the others: what most cells of a column are decides how it is read. */
const goodRecords = (n: number) =>
  Array.from({ length: n }, (_, at) => {
    const minutes = FIRST + at * 7;
    const text = (tz: Zone) => iso(minutes + ZONES[tz]).replace('T', ' ');
    const value = { text: `${at}.25`, value: at + 0.25 };
    return { time: { text, minutes }, sensor: 'p', value, values: [value, value] as [Value, Value], torn: false };
  });

const longFile = fc.record({
  form: fc.constant('long' as const),
  end,
  records: fc
    .array(fc.record({ time, sensor, value, torn }), { maxLength: 25 })
    .map((records) => [...goodRecords(records.length), ...records]),
});
const wideFile = fc.record({
  form: fc.constant('wide' as const),
  end,
  records: fc
    .array(fc.record({ time, values: fc.tuple(value, value), torn }), { maxLength: 12 })
    .map((records) => [...goodRecords(records.length), ...records]),
});
const day = fc.option(fc.constantFrom('2024-02-27', '2024-02-28', '2024-02-29', '2024-03-01', '2024-03-05'), {
  nil: null,
  freq: 2,
});
const anyCase: fc.Arbitrary<Case> = fc.record({
  files: fc.array(fc.oneof(longFile, wideFile), { minLength: 1, maxLength: 4 }),
  tz: fc.constantFrom(...(Object.keys(ZONES) as Zone[])),
  from: day,
  to: day,
});

function write({ files, tz }: Case): Record<string, string> {
  const written = files.map((file, nth) => {
    const lines =
      file.form === 'long'
        ? file.records.map(
            ({ time, sensor, value, torn }) => [time.text(tz), sensor, value.text].join() + (torn ? ',x' : ''),
          )
        : file.records.map(({ time, values, torn }) =>
            [time.text(tz), ...(torn ? [] : [values[0].text]), values[1].text].join(),
          );
    const header = file.form === 'long' ? 'time,sensor,value' : 'time,p,q';
    return [`f${nth}.csv`, [header, ...lines].map((line) => line + file.end).join('')];
  });
  return Object.fromEntries(written);
}

interface Expected {
  account: Account;
  /** `2024-02-28 p` → what its value hash should be. */
  hashes: Record<string, string>;
}

/** What should become of every reading. */
function model({ files, tz, from, to }: Case): Expected {
  const account: Account = { read: 0, used: 0, quarantined: 0, duplicate: 0, missing: 0, outside: 0, failed: 0 };
  const chunks = new Map<string, { day: number; readings: Map<number, number> }>();

  function reading(time: Time, sensor: string, { value }: Value, torn: boolean): void {
    account.read++;
    if (torn || time.minutes === null || sensor === '') account.quarantined++;
    else if (value === 'missing') account.missing++;
    else if (value === 'bad') account.quarantined++;
    else {
      const day = Math.floor((time.minutes + ZONES[tz]) / 1440);
      const name = new Date(day * 86_400_000).toISOString().slice(0, 10);
      if ((from !== null && name < from) || (to !== null && name > to)) {
        account.outside++;
        return;
      }
      const chunk = chunks.get(`${name} ${sensor}`) ?? { day, readings: new Map<number, number>() };
      chunks.set(`${name} ${sensor}`, chunk);
      if (chunk.readings.has(time.minutes)) account.duplicate++;
      else account.used++;
      chunk.readings.set(time.minutes, value);
    }
  }

  files.forEach((file, nth) => {
    if (file.form === 'long') {
      for (const { time, sensor, value, torn } of file.records) {
        reading(time, sensor.startsWith('"') ? sensor.slice(1, -1).replaceAll('""', '"') : sensor, value, torn);
      }
    } else {
      for (const { time, values, torn } of file.records) {
        reading(time, `f${nth}/p`, values[0], torn);
        reading(time, `f${nth}/q`, values[1], torn);
      }
    }
  });
  const hashes = [...chunks].map(([name, { day, readings }]) => {
    const sorted = [...readings].sort(([a], [b]) => a - b);
    const start = (day * 1440 - ZONES[tz]) * 60e6;
    const numbers = [
      start,
      start + 86_400e6,
      sorted.length,
      ...sorted.map(([, value]) => value),
      ...sorted.map(([minutes]) => minutes * 60e6),
    ];
    return [name, createHash('sha256').update(new Float64Array(numbers)).digest('hex')];
  });
  return { account, hashes: Object.fromEntries(hashes) };
}

/** The same from the chunker; where it refuses, the counts that its message tells. */
async function chunked(testCase: Case, source: string): Promise<Expected | string> {
  try {
    const { account, manifest } = await chunkSource(stores, source, {
      tz: testCase.tz,
      from: testCase.from,
      to: testCase.to,
    });
    const hashes = manifest.days.flatMap(({ day, chunks }) =>
      chunks.map(({ sensor, valueHash }) => [`${day} ${sensor}`, valueHash]),
    );
    return { account, hashes: Object.fromEntries(hashes) };
  } catch (error) {
    if (error instanceof MillraceError) return `${error.code} ${error.message.split('\n')[0]}`;
    throw error;
  }
}

function refusal({ read, used, quarantined, missing, outside }: Account, files: number): string | null {
  if (read === 0) return `MR_SOURCE_EMPTY the source holds no records: ${files} files, each empty or a header only`;
  if (used > 0) return null;
  return `MR_NO_CHUNKS of ${read} readings none is left: ${quarantined} quarantined, ${missing} missing, ${outside} outside the selection`;
}

test('the fate of every reading and the value of every chunk are those of the naive model', async () => {
  let nth = 0;
  const property = fc.asyncProperty(anyCase, async (testCase) => {
    const expected = model(testCase);
    const source = await writeSource(stores, write(testCase), `source-${nth++}`);
    expect(await chunked(testCase, source)).toEqual(refusal(expected.account, testCase.files.length) ?? expected);
  });
  await fc.assert(property, { numRuns: 150, seed: 20_240_229 });
});
