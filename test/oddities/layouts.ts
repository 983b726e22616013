import { grow, type Plant, type Random } from './plant.js';
import { DAY_US, iso, stamp } from './stamps.js';
import { anyForm, asText, knownOf, nameIn, type Oddity, odd, type Table, tableOf, textOf } from './written.js';

/** The moments of each day as a plant of their own. */
function byDay(plant: Plant): { day: number; plant: Plant }[] {
  const days = [...new Set(plant.times.map((us) => Math.floor(us / DAY_US)))];
  return days.map((day) => {
    const at = plant.times.flatMap((us, nth) => (Math.floor(us / DAY_US) === day ? [nth] : []));
    const own = { ...plant, times: at.map((nth) => plant.times[nth]!), values: at.map((nth) => plant.values[nth]!) };
    return { day: day * DAY_US, plant: own };
  });
}

const together = (tables: readonly Table[]): Table => ({
  ...tables[0]!,
  readings: tables.flatMap(({ readings }) => readings),
  missing: tables.reduce((sum, { missing }) => sum + missing, 0),
});

/** A file per day, whose series is the same. */
const perDay = (name: string, path: string, series: string): Oddity => ({
  name,
  write: (random) => {
    const style = {
      form: anyForm(random),
      series,
      time: ['time'],
      sensor: 'sensor',
      value: 'value',
    };
    const days = byDay(grow(random)).map(({ day, plant }) => ({ day, table: tableOf(random, plant, style) }));
    const files = Object.fromEntries(days.map(({ day, table }) => [stamp(path)(day), asText(table)]));
    return knownOf(together(days.map(({ table }) => table)), files, { tables: days.length });
  },
});

function perSensor(random: Random) {
  const plant = grow(random);
  const tables = plant.sensors.map((id, nth) => {
    const own = { ...plant, sensors: ['value'], values: plant.values.map((row) => [row[nth]!]) };
    return { id, table: tableOf(random, own, { form: 'wide', series: id, time: ['time'] }) };
  });
  const files = Object.fromEntries(tables.map(({ id, table }) => [`${id}.csv`, asText(table)]));
  return knownOf(together(tables.map(({ table }) => table)), files, { tables: tables.length });
}

/** Two plants of the same sensors, told apart by a column more. */
function twoColumns(random: Random) {
  const plant = grow(random, { sensors: ['a', 'b'] });
  const tables = ['north', 'south'].map((site) => {
    const table = tableOf(random, plant, { form: 'long', time: ['time'], sensor: 'device', value: 'value' });
    const rows = table.rows.map(([time, ...rest]) => [time!, site, ...rest]);
    const readings = table.readings.map((each) => ({ ...each, sensor: `${site}/${each.sensor}` }));
    return { ...table, header: ['time', 'site', 'device', 'value'], rows, readings };
  });
  const all = together(tables);
  all.rows = tables.flatMap(({ rows }) => rows);
  return knownOf(all, { 'plant.csv': asText(all) }, { sensor: 'site / device' });
}

/** Several readings of one station in a row. */
function several(random: Random) {
  const quantities = ['temp', 'hum', 'co2'];
  const stations = ['north', 'süd', '7'];
  const plants = stations.map(() =>
    grow(random, { sensors: quantities, first: '2024-05-06T03:00', stepMinutes: 30, moments: 60 }),
  );
  const tables = plants.map((plant, nth) => {
    const table = tableOf(random, plant, { form: 'wide', series: stations[nth]!, time: ['time'] });
    return { ...table, rows: table.rows.map(([time, ...rest]) => [time!, stations[nth]!, ...rest]) };
  });
  const all = together(tables);
  all.rows = all.rows.flatMap((_, at) => tables.map(({ rows }) => rows[at]!));
  const text = textOf([['time', 'station', ...quantities], ...all.rows]);
  return knownOf(all, { 'plant.csv': text }, { form: 'several', sensor: 'station', leftOut: [] });
}

const words = (yes: string, no: string): Oddity =>
  odd(`${yes} and ${no}`, (random) => {
    const plant = grow(random, { from: 0, to: 1, digits: 0 });
    plant.values = plant.values.map((row) => row.map((value) => (value === null ? null : random.int(0, 1))));
    return { plant, style: { number: (value) => (value === 1 ? yes : no) }, found: { leftOut: [] } };
  });

export const LAYOUTS: Oddity[] = [
  odd('a row per reading', (random) => ({ plant: grow(random), style: { form: 'long' }, found: { leftOut: [] } })),
  odd('a column per sensor', (random) => ({ plant: grow(random), style: { form: 'wide' }, found: { leftOut: [] } })),
  { name: 'several readings of a station in a row', write: several },
  { name: 'the sensor in two columns', write: twoColumns },
  { name: 'a file per sensor', write: perSensor },
  perDay('a file per day, the date in its name', 'plant_%Y-%m-%d.csv', 'plant'),
  perDay('a file per day, the date before its name', '%Y%m%d-plant.csv', 'plant'),
  perDay('a file per day, in folders 2024/03/01', '%Y/%m/%d/plant.csv', 'plant'),
  perDay('a file per day, in folders year=2024/month=3', 'site=north/year=%Y/month=%-m/day=%-d/part-0.csv', 'north'),
  words('true', 'false'),
  words('on', 'off'),
  words('Yes', 'No'),
  words('OPEN', 'CLOSED'),
  {
    name: 'text beside the readings',
    write: (random) => {
      const table = tableOf(random, grow(random), { form: 'wide' });
      const notes = () => [random.pick(['ok', 'door open', 'alarm']), random.pick(['Meyer', 'Schulz', ''])];
      const rows = table.rows.map((row) => [...row, ...notes()]);
      const text = textOf([[...table.header, 'state', 'operator'], ...rows]);
      return knownOf(table, { 'plant.csv': text }, { leftOut: ['state', 'operator'] });
    },
  },
  {
    name: 'a second column of times',
    write: (random) => {
      const plant = grow(random);
      const table = tableOf(random, plant, { form: 'wide', time: ['measured_at'] });
      const rows = table.rows.map((row, at) => [iso(plant.times[at]! + 90e6), ...row]);
      const text = textOf([['received_at', ...table.header], ...rows]);
      return knownOf(table, { 'plant.csv': text }, { time: 'measured_at', leftOut: ['received_at'] });
    },
  },
  {
    name: 'sensors without a file name of their own',
    write: (random) => {
      const style = { form: 'wide' as const, time: ['time'] };
      const days = byDay(grow(random)).map(({ day, plant }) => ({ day, table: tableOf(random, plant, style) }));
      const files = Object.fromEntries(days.map(({ day, table }) => [stamp('%Y-%m-%d.csv')(day), asText(table)]));
      const all = together(days.map(({ table }) => table));
      const bare = ({ sensor, ...rest }: Table['readings'][number]) => ({
        ...rest,
        sensor: sensor.slice(nameIn('plant', '').length),
      });
      return knownOf({ ...all, readings: all.readings.map(bare) }, files);
    },
  },
];
