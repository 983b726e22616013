import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Sample {
  rows: number;
  sensors: number;
  days: string[];
}

/** How a kind of sensor behaves over a day; `hour` is 0 … 24, `noise` about -1 … 1. */
interface Kind {
  name: string;
  level(hour: number, weekday: number, noise: () => number, state: { value: number }): number;
}

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 2, 2);

const KINDS: Kind[] = [
  {
    name: 'temperature',
    level: (hour, _day, noise) => 21 + 3 * Math.sin(((hour - 9) / 24) * 2 * Math.PI) + 0.2 * noise(),
  },
  {
    name: 'humidity',
    level: (hour, _day, noise, state) => {
      state.value += 0.3 * noise() - 0.02 * state.value;
      return 45 - 6 * Math.sin(((hour - 9) / 24) * 2 * Math.PI) + state.value;
    },
  },
  {
    name: 'power',
    level: (hour, weekday, noise) => {
      const shift = weekday < 5 && hour >= 6 && hour < 22 ? 1 : 0.08;
      return Math.max(0, 120 * shift * (1 + 0.15 * noise()) + 15 * Math.abs(noise()));
    },
  },
  {
    name: 'vibration',
    level: (_hour, _day, noise) => Math.abs(1.8 * noise() * noise() + 0.4 * noise()),
  },
  {
    name: 'valve',
    level: (_hour, _day, noise, state) => {
      if (Math.abs(noise()) > 0.985) state.value = state.value === 0 ? 1 : 0;
      return state.value;
    },
  },
];

const PER_KIND = 4;

/**
 * Writes a file a day of a small plant: a reading a minute of each sensor, with what real files have: gaps, stuck
 * values, spikes, rows that come a day late, and cells that cannot be used. Same seed, same bytes.
 */
export async function writeSample(folder: string, { days, seed }: { days: number; seed: number }): Promise<Sample> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const sensors = KINDS.flatMap((kind) => Array.from({ length: PER_KIND }, (_, line) => sensor(kind, line, seed)));
  const names = Array.from({ length: days }, (_, day) => new Date(START + day * DAY_MS).toISOString().slice(0, 10));
  let rows = 0;
  let late: string[] = [];
  for (const [day, name] of names.entries()) {
    const columns = sensors.map((each) => each.day(day));
    const own: string[] = [];
    const next: string[] = [];
    for (let minute = 0; minute < 1440; minute++) {
      const stamp = new Date(START + day * DAY_MS + minute * 60_000).toISOString().slice(0, 19).replace('T', ' ');
      for (const [at, cells] of columns.entries()) {
        const cell = cells[minute];
        if (cell === undefined) continue;
        (cell.late && day < days - 1 ? next : own).push(`${stamp},${sensors[at]!.id},${cell.text}`);
      }
    }
    if (day === 4)
      own.splice(
        500,
        0,
        'yesterday at noon,line-1.power,118.2',
        `${names[4]} 08:20:00,line-1.power`,
        `2999-01-01 00:00:00,line-2.power,99.1`,
      );
    const lines = [...own, ...late];
    rows += lines.length;
    late = next;
    await pipeline(
      Readable.from(['time,sensor,value\n', ...blocks(lines)]),
      createWriteStream(join(folder, `plant-${name}.csv`)),
    );
  }
  return { rows, sensors: sensors.length, days: names };
}

function* blocks(lines: string[]): Generator<string> {
  for (let at = 0; at < lines.length; at += 5000) yield `${lines.slice(at, at + 5000).join('\n')}\n`;
}

interface Cell {
  text: string;
  late: boolean;
}

function sensor(kind: Kind, line: number, seed: number) {
  const random = mulberry32(seed * 1000 + KINDS.indexOf(kind) * 17 + line);
  const noise = () => random() + random() - 1;
  const state = { value: 0 };
  const offset = noise();
  const scale = 1 + 0.1 * noise();
  const decimals = kind.name === 'valve' ? 0 : 2;
  return {
    id: `line-${line + 1}.${kind.name}`,
    day(day: number): (Cell | undefined)[] {
      const gap =
        random() < 0.1 ? { from: Math.floor(random() * 1200), length: 30 + Math.floor(random() * 200) } : null;
      const stuck =
        random() < 0.06 ? { from: Math.floor(random() * 1200), length: 60 + Math.floor(random() * 180) } : null;
      const tardy = random() < 0.04 ? Math.floor(random() * 1400) : null;
      let held = '';
      return Array.from({ length: 1440 }, (_, minute) => {
        const level = kind.level(minute / 60, (new Date(START).getUTCDay() + 6 + day) % 7, noise, state);
        const spike = random() < 0.0004 ? 8 * Math.abs(level) + 5 : 0;
        let text = (
          level * (kind.name === 'valve' ? 1 : scale) +
          (kind.name === 'valve' ? 0 : offset) +
          (kind.name === 'valve' ? 0 : spike)
        ).toFixed(decimals);
        if (stuck !== null && minute === stuck.from) held = text;
        if (stuck !== null && minute > stuck.from && minute < stuck.from + stuck.length) text = held;
        const fault = random();
        if (fault < 0.00005) text = 'ERR';
        else if (fault < 0.00008) text = 'NaN';
        else if (fault < 0.0005) text = '';
        if (gap !== null && minute >= gap.from && minute < gap.from + gap.length) return undefined;
        return { text, late: tardy !== null && minute >= tardy && minute < tardy + 20 };
      });
    },
  };
}

/** A small seeded generator: sample data must not change with a library. */
function mulberry32(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
