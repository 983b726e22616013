import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { child, type Measured } from './child.js';
import { inFolder } from './in-folder.js';
import { type Row, row } from './row.js';

const FILES = 10_000;
const SENSORS = 100;

/** Ten thousand small files, one of each sensor and day, beside bare DuckDB reading and sorting them. */
export async function benchSmallFiles(): Promise<Row[]> {
  return inFolder(async (folder) => {
    const source = join(folder, 'plant');
    for (let at = 0; at < FILES; at++) {
      const sensor = join(source, `sensor-${at % SENSORS}`);
      await mkdir(sensor, { recursive: true });
      const day = new Date(Date.UTC(2024, 2, 1 + Math.floor(at / SENSORS))).toISOString().slice(0, 10);
      const lines = Array.from({ length: 96 }, (_, n) => {
        const clock = `${String(n >> 2).padStart(2, '0')}:${String((n % 4) * 15).padStart(2, '0')}:00`;
        return `${day} ${clock},${(20 + Math.sin(n / 10) * 5 + (at % 7)).toFixed(3)}\n`;
      });
      await writeFile(join(sensor, `${day}.csv`), `time,level\n${lines.join('')}`);
    }
    const theirs = await inFolder((own) => child<Measured>('sort-duckdb', join(source, '**/*.csv'), own, 'wide'));
    const ours = await inFolder((own) => child<Measured>('chunk-ours', source, own));
    const perSecond = ({ seconds }: Measured) => FILES / seconds;
    return [
      row(
        '10,000 small files to chunks',
        'files/s',
        perSecond(ours),
        { name: 'DuckDB, sorted', value: perSecond(theirs) },
        true,
      ),
      row('memory of 10,000 small files', 'MiB', ours.peakMiB, { name: 'DuckDB, sorted', value: theirs.peakMiB }),
    ];
  });
}
