import { grow, type Random } from './plant.js';
import { DAY_US, stamp } from './stamps.js';
import { asText, knownOf, type Oddity, type Style, type Table, tableOf, textOf } from './written.js';

/** Sites with sensors of the same names at the same times, in files whose path says which site they are of. */
const sites = (
  name: string,
  path: (site: string) => string,
  sensorPath: string,
  style: Partial<Style> = {},
): Oddity => ({
  name,
  write: (random) => {
    const first = grow(random);
    const tables = ['north', 'süd 2'].map((site): [string, Table] => {
      const values = first.values.map((row) => row.map((value) => (value === null ? null : random.int(-90, 90))));
      return [site, tableOf(random, { ...first, values }, { time: ['time'], sensor: 'tag', value: 'value', ...style })];
    });
    const bare = (id: string) => id.slice(id.startsWith('plant/') ? 'plant/'.length : 0);
    const readings = tables.flatMap(([site, table]) =>
      table.readings.map(({ sensor, ...rest }) => ({ ...rest, sensor: `${site}/${bare(sensor)}` })),
    );
    const files = Object.fromEntries(tables.map(([site, table]) => [path(site), asText(table)]));
    const missing = tables.reduce((sum, [, table]) => sum + table.missing, 0);
    return knownOf({ ...tables[0]![1], readings, missing }, files, { tables: 2 }, { options: { sensorPath } });
  },
});

/** A row for each station and time, with several readings, in folders of sites. */
function stations(random: Random) {
  const { times, values } = grow(random, { sensors: ['level', 'flow'] });
  const rowsOf = (add: number) =>
    times.flatMap((us, at) => {
      const cells = values[at]!.map((value) => (value === null ? '' : String(value + add)));
      return [[stamp('%Y-%m-%d %H:%M:%S')(us), 'A7', ...cells]];
    });
  const files = Object.fromEntries(
    ['x', 'y'].map((site, nth) => [
      `data/${site}/stations.csv`,
      textOf([['time', 'station', 'level', 'flow'], ...rowsOf(1000 * nth)]),
    ]),
  );
  const all = ['x', 'y'].flatMap((site, nth) =>
    times.flatMap((time, at) =>
      ['level', 'flow'].map((name, place) => {
        const value = values[at]![place]!;
        return { time, sensor: `${site}/A7/${name}`, value: value === null ? null : value + 1000 * nth };
      }),
    ),
  );
  const readings = all.flatMap(({ value, ...rest }) => (value === null ? [] : [{ ...rest, value }]));
  const table = { form: 'wide' as const, readings, missing: all.length - readings.length };
  return { ...knownOf({ ...table, header: [], rows: [], width: 1 }, files), found: { form: 'several', tables: 2 } };
}

/** A file per day in the folder of a site: the days are no part of the id. */
const perDay: Oddity = {
  name: 'the site in a folder, and a file per day, as one has to say',
  write: (random) => {
    const { sensors, times, values } = grow(random);
    const days = [...new Set(times.map((us) => Math.floor(us / DAY_US)))];
    const tables = days.map((day): [string, Table] => {
      const at = times.flatMap((us, nth) => (Math.floor(us / DAY_US) === day ? [nth] : []));
      const own = { sensors, times: at.map((nth) => times[nth]!), values: at.map((nth) => values[nth]!) };
      const style = { form: 'long' as const, time: ['time'], sensor: 'tag', value: 'value' };
      return [stamp('site=west/%Y/%m-%d.csv')(day * DAY_US), tableOf(random, own, style)];
    });
    const readings = tables.flatMap(([, table]) =>
      table.readings.map(({ sensor, ...rest }) => ({ ...rest, sensor: `west/${sensor}` })),
    );
    const files = Object.fromEntries(tables.map(([path, table]) => [path, asText(table)]));
    const missing = tables.reduce((sum, [, table]) => sum + table.missing, 0);
    const options = { sensorPath: 'site={site}/**' };
    return knownOf({ ...tables[0]![1], readings, missing }, files, { tables: days.length }, { options });
  },
};

export const SITES: Oddity[] = [
  sites('the site in a folder, as one has to say', (site) => `${site}/plant.csv`, '{site}/*'),
  sites('the site in the name of the file, as one has to say', (site) => `a/plant-${site}.csv`, 'a/*-{site}.csv'),
  sites('the site in a folder above others, as one has to say', (site) => `${site}/b/c.csv`, '{site}/**', {
    form: 'long',
  }),
  {
    name: 'the site in a folder, several readings of a station in a row, as one has to say',
    write: (random) => ({ ...stations(random), options: { sensorPath: 'data/{site}/stations.csv' } }),
  },
  perDay,
];
