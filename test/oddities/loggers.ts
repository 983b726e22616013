import { gzipSync } from 'node:zlib';
import { grow, type Random } from './plant.js';
import { HOUR_US, stamp } from './stamps.js';
import { asText, knownOf, type Oddity, odd, tableOf } from './written.js';

const split = (...patterns: string[]) => {
  const stamps = patterns.map((pattern) => stamp(pattern));
  return (us: number) => stamps.map((each) => each(us));
};

/** A moment a minute of the night and the morning, so that hours and minutes without zeros in front are among them. */
const MINUTES = { first: '2023-11-05T00:01', stepMinutes: 13, moments: 90 };
const minutes = (random: Random) => grow(random, MINUTES);

/** As loggers of Campbell write it: what the logger is, names, units, how each reading was had. */
const logger = odd('four lines above the records, as data loggers write them', (random) => {
  const sensors = ['Spd80m', 'Dir78m', 'T2m'];
  return {
    plant: grow(random, { sensors }),
    style: { form: 'wide', time: ['TIMESTAMP'] },
    edit: (text) => {
      const [names, ...records] = text.split('\n');
      const above = [
        '"TOA5","mast 7","CR1000","12345"',
        names,
        '"TS","metres/second","Deg","Deg C"',
        '"","Avg","WVc","Smp"',
      ];
      return [...above, ...records].join('\n');
    },
    found: {
      header: 'line 2',
      time: 'TIMESTAMP',
      units: { TIMESTAMP: 'TS', Spd80m: 'metres/second', Dir78m: 'Deg', T2m: 'Deg C' },
      leftOut: [],
    },
  };
});

/** As portals write it: names and values of what is said about the file, as many cells wide as its records. */
const portal = odd('names and values of metadata above the names, as wide as the table', (random) => {
  const sensors = ['DHI', 'GHI', 'Wind Speed', 'Pressure'];
  return {
    plant: grow(random, { sensors }),
    style: {
      form: 'wide',
      time: ['Year', 'Month', 'Day', 'Hour', 'Minute'],
      stamp: split('%Y', '%-m', '%-d', '%-H', '%M'),
    },
    edit: (text) =>
      `Source,Location ID,City,Latitude,Longitude,Elevation,,,\nNSRDB,401182,-,40.53,-108.54,2168,,,\n${text}`,
    found: { header: 'line 3', time: 'Year + Month + Day + Hour + Minute', leftOut: [] },
  };
});

/** More remarks than records. */
const remarks = odd('more remarks than records', (random) => ({
  plant: grow(random, { moments: 20 }),
  edit: (text) =>
    `${Array.from({ length: 40 }, (_, at) => `# remark ${at}: so, it was; in ${2000 + at}\n`).join('')}${text}`,
  found: { header: 'line 41' },
}));

/** Each sensor's readings after those of the one before, so that the first lines hold one of them. */
const blocks = (pack: boolean) => (random: Random) => {
  const plant = grow(random, { sensors: ['a', 'b', 'c', 'd'], stepMinutes: 5, moments: 1200 });
  const own = plant.sensors.map((id, nth) => ({
    ...plant,
    sensors: [id],
    values: plant.values.map((row) => [row[nth]!]),
  }));
  const style = {
    form: 'long' as const,
    time: ['zeit'],
    sensor: 'wer',
    value: 'x',
    number: (value: number) => value.toFixed(40),
  };
  const [first, ...others] = own.map((each) => tableOf(random, each, style));
  for (const table of others) {
    first!.rows.push(...table.rows);
    first!.readings.push(...table.readings);
    first!.missing += table.missing;
  }
  const text = asText(first!);
  const files = pack ? { 'plant.csv.gz': gzipSync(text) } : { 'plant.csv': text };
  return knownOf(first!, files, { sensor: 'wer', leftOut: [] });
};

/** What the server says about its answer, and the records in it. */
function answer(random: Random) {
  const table = tableOf(random, grow(random), { form: 'wide', time: ['time'] });
  const records = table.rows.map((row) =>
    Object.fromEntries(
      table.header.map((name, at) => [name, at === 0 ? row[at] : row[at] === '' ? null : Number(row[at])]),
    ),
  );
  const document = {
    status: 'ok',
    inputs: { sites: [{ id: 1 }, { id: 2 }] },
    outputs: { hourly: records },
    meta: { n: 1 },
  };
  const text = JSON.stringify(document, null, random.pick([undefined, 2]));
  return knownOf(table, { 'plant.json': text }, { kind: 'json', leftOut: [] });
}

export const LOGGERS: Oddity[] = [
  logger,
  portal,
  remarks,
  odd('times as 20240301:0930', (random) => ({
    plant: grow(random),
    style: { stamp: stamp('%Y%m%d:%H%M') },
    found: { 'time format': '%Y%m%d:%H%M' },
  })),
  odd('year, day of the year and times of day as 930', (random) => ({
    plant: minutes(random),
    style: {
      form: 'wide',
      time: ['Year', 'DOY', 'MST'],
      stamp: (us) => {
        const part = (pattern: string) => stamp(pattern, -7 * HOUR_US)(us);
        return [part('%Y'), String(Number(part('%j'))), String(Number(part('%H%M')))];
      },
    },
    found: { time: 'Year + DOY + MST', 'offset from UTC': '-07:00', leftOut: [] },
  })),
  odd('year, month and day, and times of day as 9:30', (random) => ({
    plant: minutes(random),
    style: { time: ['Year', 'Month', 'Day', 'Time'], stamp: split('%Y', '%-m', '%-d', '%-H:%M') },
    found: { time: 'Year + Month + Day + Time' },
  })),
  odd('dates and times of day as 0930, without names', (random) => ({
    plant: grow(random, { ...MINUTES, sensors: ['column3', 'column4'] }),
    style: { form: 'wide', stamp: split('%Y%m%d', '%H%M') },
    edit: (text) => text.slice(text.indexOf('\n') + 1),
    found: { header: 'none', time: 'column1 + column2' },
  })),
  odd('year, month, day and hour without names, as one has to say', (random) => ({
    plant: grow(random, { sensors: ['column5', 'column6'], stepMinutes: 60 }),
    style: { form: 'wide', stamp: split('%Y', '%-m', '%-d', '%-H') },
    edit: (text) => text.slice(text.indexOf('\n') + 1),
    more: {
      options: { timeColumn: ['column1', 'column2', 'column3', 'column4'] },
      refused: 'MR_COLUMN_MISSING',
    },
    found: { header: 'none', time: 'column1 + column2 + column3 + column4' },
  })),
  { name: 'sensors one after the other, in a column of any name', write: blocks(false) },
  { name: 'sensors one after the other, in gzip', write: blocks(true) },
  { name: 'JSON, records within the answer of a server', write: answer },
];
