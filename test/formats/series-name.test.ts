import { describe, expect, it } from 'vitest';
import { seriesName } from '../../formats/series-name.js';

describe('the series that a file is of', () => {
  it.each([
    ['pump.csv', 'pump'],
    ['north/hall 1/pump.csv.gz', 'north/hall 1/pump'],
    ['413.csv', '413'],
    ['PRSA_Data_Dingling_20130301-20151231.csv', 'PRSA_Data_Dingling'],
    ['pump_2024-03-01.csv', 'pump'],
    ['2024-03-01_pump.csv', 'pump'],
    ['2024-03-01.csv', ''],
    ['01.03.2024.csv', ''],
    ['log-20240301-0630.txt', 'log'],
    ['pump 2024-03-01 to 2024-03-31.xlsx', 'pump'],
    ['pump_2024-03.csv', 'pump'],
    ['plant_20240301_north.csv', 'plant_north'],
    ['2019-06-01/conn/2019/06/01/w01h-s10m.tsv', 'conn/w01h-s10m'],
    ['2024/pump.csv', 'pump'],
    ['year=2024/month=3/a.parquet', 'a'],
    ['site=north/date=2024-03-01/part-00000-1b2c.snappy.parquet', 'north'],
    ['month.zip/pump.csv', 'month/pump'],
    ['pump.zip/pump.csv', 'pump'],
    ['book.xlsx/Sheet1', 'book'],
    ['book.xlsx/Boiler', 'book/Boiler'],
  ])('%s is of %j', (path, name) => {
    expect(seriesName(path)).toBe(name);
  });

  it.each(['pump-2010.csv', 'A2024-03-01.csv', 'sn20240301.csv', 'room 12/3.csv', '10/11.csv', 'v1.20.csv'])(
    'has numbers in its name that are no days: %s',
    (path) => {
      expect(seriesName(path)).toBe(path.replace('.csv', ''));
    },
  );
});
