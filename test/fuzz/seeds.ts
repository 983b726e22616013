import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import yauzl from 'yauzl';
import { shared, sharedMissing } from '../support/shared.js';
import type { Lines } from './mutate.js';

/** A good table, to be damaged. */
export interface Seed extends Lines {
  name: string;
}

interface Cut {
  /** Lines of it. */
  from: number;
  count: number;
}

/** Below and above what is looked at of a file to see how it is written. */
const SHORT: Cut = { from: 1, count: 60 };
const MIDDLE: Cut = { from: 500, count: 500 };
const LONG: Cut = { from: 1, count: 3000 };

async function cut(path: string, { from, count }: Cut): Promise<string[]> {
  const lines: string[] = [];
  const reader = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  let at = 0;
  for await (const line of reader) {
    if (at === 0 || at >= from) lines.push(line);
    if (lines.length > count) break;
    at++;
  }
  reader.close();
  return lines;
}

/** One file of an archive, as lines. */
async function member(path: string, name: RegExp): Promise<string[]> {
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) =>
    yauzl.open(path, { lazyEntries: true }, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    zip.on('error', reject);
    zip.on('entry', (entry: yauzl.Entry) => {
      if (!name.test(entry.fileName)) return zip.readEntry();
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        const blocks: Buffer[] = [];
        stream.on('data', (block: Buffer) => blocks.push(block));
        stream.on('end', () => resolve(Buffer.concat(blocks)));
        stream.on('error', reject);
      });
    });
    zip.readEntry();
  });
  zip.close();
  return bytes.toString().trimEnd().split('\n');
}

async function real(): Promise<Seed[]> {
  const building = { delimiter: ',', values: [1, 2, 3, 4, 5], time: 0 };
  const beijing = { delimiter: ',', values: [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16], time: 4 };
  const occupancy = { delimiter: ',', values: [2, 3, 4, 5, 6, 7], time: 1 };
  const station = (name: string) => join(shared, 'beijing-air', `PRSA_Data_${name}_20130301-20151231.csv`);
  return [
    { name: 'room-413', ...building, lines: await cut(join(shared, 'building/413.csv'), SHORT) },
    { name: 'room-511', ...building, lines: await cut(join(shared, 'building/511.csv'), MIDDLE) },
    { name: 'room-564', ...building, lines: await cut(join(shared, 'building/564.csv'), LONG) },
    { name: 'aotizhongxin', ...beijing, lines: await cut(station('Aotizhongxin'), SHORT) },
    { name: 'huairou', ...beijing, lines: await cut(station('Huairou'), MIDDLE) },
    { name: 'occupancy', ...occupancy, lines: await cut(join(shared, 'occupancy/datatest.txt'), MIDDLE) },
    { name: 'occupancy-short', ...occupancy, lines: await cut(join(shared, 'occupancy/datatraining.txt'), SHORT) },
    {
      ...{ name: 'conn', delimiter: '\t', values: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], time: 0 },
      lines: await member(join(shared, 'mods/2019-06-01.zip'), /^conn\//),
    },
  ];
}

const two = (n: number) => String(n).padStart(2, '0');
const wave = (at: number, level: number) => (level + Math.sin(at / 20) * 3 + ((at * 7919) % 100) / 100).toFixed(2);

/** Kinds of tables that the real data have none of; enough to go on with where those are missing. */
function generated(): Seed[] {
  const at = (n: number) => new Date(Date.UTC(2024, 2, 1) + n * 600_000);
  const iso = (n: number) => at(n).toISOString().slice(0, 19).replace('T', ' ');
  const german = (n: number) => {
    const [date, clock] = iso(n).split(' ') as [string, string];
    return `${date.split('-').reverse().join('.')} ${clock}`;
  };
  const rows = (n: number, row: (at: number) => string) => Array.from({ length: n }, (_, nth) => row(nth));
  const comma = (text: string) => text.replace('.', ',');
  return [
    {
      ...{ name: 'wide', delimiter: ',', values: [1, 2], time: 0 },
      lines: ['time,p,q', ...rows(200, (n) => `${iso(n)},${wave(n, 20)},${wave(n, 50)}`)],
    },
    {
      ...{ name: 'long', delimiter: ',', values: [2], time: 0 },
      lines: ['time,sensor,value', ...rows(300, (n) => `${iso(n >> 1)}Z,${n % 2 ? 'a' : 'b'},${wave(n, 20)}`)],
    },
    {
      ...{ name: 'german', delimiter: ';', values: [1, 2], time: 0 },
      lines: [
        'Zeit;Temperatur [°C];Leistung (kW)',
        ...rows(200, (n) => `${german(n)};${comma(wave(n, 20))};1.${two(n % 100)}0,5`),
      ],
    },
    {
      ...{ name: 'epoch', delimiter: '\t', values: [1, 2], time: 0 },
      lines: ['ts\tstate\tlevel', ...rows(150, (n) => `${at(n).getTime()}\t${n % 3 ? 'on' : 'off'}\t${n}`)],
    },
    {
      ...{ name: 'blanks', delimiter: ' ', values: [2, 3], time: 0 },
      lines: ['# of a logger', '# date time temp hum', ...rows(100, (n) => `${iso(n)}   ${wave(n, 9)} ${wave(n, 40)}`)],
    },
    {
      ...{ name: 'parts', delimiter: '|', values: [4], time: 3 },
      lines: ['year|month|day|hour|t', ...rows(150, (n) => `2024|3|${1 + Math.floor(n / 24)}|${n % 24}|${wave(n, 9)}`)],
    },
    {
      ...{ name: 'ambiguous', delimiter: ',', values: [1], time: 0 },
      lines: [
        'date,v',
        ...rows(
          2500,
          (n) =>
            `${two(1 + (n % 12))}/${two(1 + (Math.floor(n / 12) % 2))}/2024 ${two(n % 24)}:00,${wave(n, 9)}${'0'.repeat(40)}`,
        ),
      ],
    },
    {
      ...{ name: 'several', delimiter: ',', values: [2, 3], time: 1 },
      lines: [
        'station,time,temp,hum',
        ...rows(300, (n) => `st${n % 3},${iso(Math.floor(n / 3))},${wave(n, 9)},${wave(n, 40)}`),
      ],
    },
  ];
}

/** The tables that are damaged: of the real data small parts, whole lines of them. */
export async function seeds(): Promise<Seed[]> {
  return [...(sharedMissing === null ? await real() : []), ...generated()];
}
