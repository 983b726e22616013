import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a long CSV of some sensors that fall into groups one can tell apart: a level and a daily rhythm a group.
 * @param days `YYYY-MM-DD`
 */
export async function writeReadings(
  file: string,
  options: { days: string[]; sensors: number; everyMinutes?: number; groups?: number },
): Promise<void> {
  const { days, sensors, everyMinutes = 10, groups = 3 } = options;
  const lines = ['time,sensor,value'];
  for (const day of days) {
    for (let minute = 0; minute < 1440; minute += everyMinutes) {
      const stamp = `${day} ${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00`;
      for (let sensor = 0; sensor < sensors; sensor++) {
        const group = sensor % groups;
        const wave = Math.sin((minute / 1440) * 2 * Math.PI * (group + 1));
        const jitter = ((sensor * 7919 + minute * 104729 + Number(day.slice(-2)) * 31) % 1000) / 1000;
        lines.push(`${stamp},s${String(sensor).padStart(2, '0')},${(10 ** group * (3 + wave) + jitter).toFixed(3)}`);
      }
    }
  }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${lines.join('\n')}\n`);
}

/** `count` days from 2024-03-01. */
export function daysFrom(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `2024-03-${String(first + i).padStart(2, '0')}`);
}
