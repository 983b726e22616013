import { grow } from './plant.js';
import { iso, stamp } from './stamps.js';
import { asText, knownOf, type Oddity, type Style, type Text, tableOf } from './written.js';

/** Enough to go on behind what is looked at first. */
const MOMENTS = 4000;
const LATER = 3600;

/** What comes only far down in a file, where nobody looked. */
const later = (name: string, style: (isLater: () => boolean) => Partial<Style>, text: Partial<Text> = {}): Oddity => ({
  name: `far down only: ${name}`,
  write: (random) => {
    const plant = grow(random, {
      sensors: ['a', 'b'],
      stepMinutes: 1,
      moments: MOMENTS,
      missing: 0.02,
      from: 20,
      to: 900,
    });
    const raised = plant.values.map((row, at) =>
      at < LATER ? row : row.map((value) => value && Math.round(value * 100 + 200_000) / 100),
    );
    let moment = 0;
    const own = style(() => moment >= LATER);
    const stamped = own.stamp ?? iso;
    const table = tableOf(
      random,
      { ...plant, values: raised },
      {
        ...own,
        stamp: (us) => {
          moment = plant.times.indexOf(us);
          return stamped(us);
        },
      },
    );
    return knownOf(table, { 'plant.csv': asText(table, text) });
  },
});

const grouped = (value: number) =>
  value
    .toFixed(2)
    .replace('.', ',')
    .replace(/^(\d)(\d{3},)/, '$1.$2');

export const FAR_DOWN: Oddity[] = [
  later('thousands as 1.234,5', () => ({ number: grouped }), { delimiter: ';' }),
  later('times with parts of seconds', (isLater) => ({
    stamp: (us) => (isLater() ? stamp('%d.%m.%Y %H:%M:%S.%L')(us) : stamp('%d.%m.%Y %H:%M:%S')(us)),
  })),
];
