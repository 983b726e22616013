import { gzipSync } from 'node:zlib';
import { grow, type Random } from './plant.js';
import { stamp } from './stamps.js';
import { knownOf, type Oddity, type Table, tableOf } from './written.js';

const zulu = stamp('%Y-%m-%dT%H:%M:%SZ');

const number = (cell: string) => (cell === '' ? null : Number(cell));

/** Each row as an object: text stays text, readings are numbers or null. */
function objectsOf({ header, rows, form }: Table): Record<string, unknown>[] {
  const texts = form === 'long' ? 2 : 1;
  return rows.map((row) =>
    Object.fromEntries(header.map((name, at) => [name, at < texts ? row[at] : number(row[at]!)])),
  );
}

const json = (
  name: string,
  file: string,
  write: (objects: Record<string, unknown>[]) => string | Uint8Array,
  found: Record<string, unknown> = {},
): Oddity => ({
  name: `JSON, ${name}`,
  write: (random) => {
    const table = tableOf(random, grow(random), { stamp: zulu });
    return knownOf(table, { [file]: write(objectsOf(table)) }, { kind: 'json', leftOut: [], ...found });
  },
});

const lines = (objects: readonly unknown[]) => objects.map((each) => `${JSON.stringify(each)}\n`).join('');

/** Messages of stations, as brokers keep them: several readings in each, objects within objects. */
function nested(random: Random) {
  const quantities = ['temp', 'hum'];
  const stations = ['north', 'south'];
  const wish = { sensors: quantities, first: '2024-05-06T03:00', stepMinutes: 30, moments: 60 };
  const tables = stations.map((station) => ({
    station,
    table: tableOf(random, grow(random, wish), { form: 'wide', series: station, stamp: zulu }),
  }));
  const [first] = tables;
  const messages = first!.table.rows.flatMap((_, at) =>
    tables.map(({ station, table }) => {
      const [ts, temp, hum] = table.rows[at]!;
      return { ts, device: { id: station }, data: { temp: number(temp!), hum: number(hum!) } };
    }),
  );
  const renamed = ({ sensor, ...rest }: Table['readings'][number]) => ({
    ...rest,
    sensor: sensor.replace('/', '/data.'),
  });
  const readings = tables.flatMap(({ table }) => table.readings.map(renamed));
  const missing = tables.reduce((sum, { table }) => sum + table.missing, 0);
  const files = { 'messages.jsonl': lines(messages) };
  return knownOf({ ...first!.table, readings, missing }, files, { kind: 'json', form: 'several', sensor: 'device.id' });
}

export const JSONS: Oddity[] = [
  json('an object a line', 'plant.jsonl', lines),
  json('an object a line, in gzip', 'plant.json.gz', (objects) => gzipSync(lines(objects)), { packing: 'gzip' }),
  json('an array of objects', 'plant.json', (objects) => JSON.stringify(objects)),
  json('in UTF-16', 'plant.json', (objects) => Buffer.from(`\ufeff${lines(objects)}`, 'utf16le'), {
    encoding: 'utf-16le',
  }),
  json('an array in UTF-16', 'plant.json', (objects) => Buffer.from(JSON.stringify(objects), 'utf16le').swap16(), {
    encoding: 'utf-16be',
  }),
  json('an array over many lines', 'plant.json', (objects) => JSON.stringify(objects, null, 2)),
  json('keys that are not there where a reading is missing', 'plant.ndjson', (objects) =>
    lines(objects.map((each) => Object.fromEntries(Object.entries(each).filter(([, value]) => value !== null)))),
  ),
  json('NaN as Python writes it', 'plant.jsonl', (objects) => lines(objects).replaceAll(':null', ':NaN')),
  json(
    'a mark at the beginning and CR LF',
    'plant.json',
    (objects) => `\ufeff${lines(objects).replaceAll('\n', '\r\n')}`,
  ),
  { name: 'JSON, objects within objects', write: nested },
];
