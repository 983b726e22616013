import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { utils, write } from '@e965/xlsx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/cli.js';

interface InspectionDocument {
  state: string;
  tables: number;
  alike: { path: string; kind: string; form: string; tables: number; decisions: { what: string; decided: string }[] }[];
  leftOut: { path: string; why: string }[];
}

interface RunDocument {
  readings: { read: number; used: number; quarantined: number };
  chunks: { sensors: number; days: number };
  inspection: { leftOutInAll: number };
  rules: { rule: string; count: number }[];
}

let work: Workplace;
let plant: string;

/** Three days of a logger that writes as Germans do, in hours. */
function german(level: number): string {
  const lines = ['Anlage Nord', '', 'Datum;Temperatur [°C];Leistung [kW]'];
  for (let hour = 0; hour < 72; hour++) {
    const day = String(10 + Math.floor(hour / 24)).padStart(2, '0');
    const value = (level + Math.sin(hour / 4)).toFixed(2).replace('.', ',');
    lines.push(`${day}.04.2024 ${String(hour % 24).padStart(2, '0')}:00;${value};1.${200 + hour},5`);
  }
  return `${lines.join('\r\n')}\r\n`;
}

beforeAll(async () => {
  work = await Workplace.create();
  plant = join(work.folder, 'plant');
  await mkdir(plant);
  await writeFile(join(plant, 'nord.csv'), Buffer.from(german(20), 'latin1'));
  await writeFile(join(plant, 'süd.csv.gz'), gzipSync(Buffer.from(german(30), 'utf16le')));
  await writeFile(join(plant, 'notes.txt'), 'Dear all,\nthe boiler was cleaned.\n');
  const rows = Array.from({ length: 48 }, (_, hour) => ({
    time: new Date(Date.UTC(2024, 3, 10, hour)),
    flow: (hour * 5) % 7,
  }));
  const book = utils.book_new();
  utils.book_append_sheet(book, utils.json_to_sheet(rows, { UTC: true }), 'Pumpe');
  await writeFile(join(plant, 'west.xlsx'), write(book, { type: 'buffer', cellDates: true }) as Buffer);
});
afterAll(() => work.close());

describe('millrace inspect', () => {
  it('says what was found in each kind of file, and what is left out', async () => {
    const found = await work.json<InspectionDocument>('inspect', 'plant');
    expect(found).toMatchObject({ state: 'done', tables: 3 });
    expect(found.leftOut).toEqual([{ path: join(plant, 'notes.txt'), why: 'there is no table in it' }]);
    const kinds = Object.fromEntries(
      found.alike.map(({ path, kind, form }) => [path.slice(plant.length + 1), [kind, form]]),
    );
    expect(kinds).toEqual({
      'nord.csv': ['text', 'wide'],
      'süd.csv.gz': ['text', 'wide'],
      'west.xlsx!Pumpe': ['workbook', 'wide'],
    });
    const decisions = found.alike.find(({ path }) => path.endsWith('nord.csv'))!.decisions;
    expect(Object.fromEntries(decisions.map(({ what, decided }) => [what, decided]))).toMatchObject({
      delimiter: 'semicolon',
      'decimal mark': ',',
      header: 'line 3',
      time: 'Datum',
      'day or month first': 'day-first',
    });
  });

  it('prints it for people, with units, a preview, and how to have it otherwise', async () => {
    const { stdout } = await work.run('inspect', 'plant');
    for (const part of ['3 tables', 'windows-1252', '°C', '10.04.2024 00:00', 'dayFirst: true', 'notes.txt'])
      expect(stdout).toContain(part);
  });

  it('is what a run does too: all readings arrive, and what was left out is said', async () => {
    const run = await work.json<RunDocument>('run', 'sensor-training', '--set', 'source=plant', '--set', 'k=2');
    expect(run).toMatchObject({
      readings: { read: 336, used: 336, quarantined: 0 },
      chunks: { sensors: 5, days: 3 },
      inspection: { leftOutInAll: 1 },
    });
    expect(run.rules).toContainEqual(expect.objectContaining({ rule: 'counters', count: 2 }));
  });

  it('ends with an error that names the param where dates can be read both ways', async () => {
    await writeFile(join(work.folder, 'open.csv'), 'time,x\n03/04/2024 10:00,1.5\n03/04/2024 11:00,2.5\n');
    const { code, stderr } = await work.run('inspect', 'open.csv');
    expect(code).toBe(2);
    expect(stderr).toContain('MR_TIME_AMBIGUOUS');
    expect(stderr).toContain('dayFirst=true');
    expect((await work.run('inspect', 'open.csv', '--set', 'dayFirst=true')).code).toBe(0);
  });
});
