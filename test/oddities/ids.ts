import { grow, type Random } from './plant.js';
import { type Oddity, odd } from './written.js';

const called = (name: string, sensors: (random: Random) => string[], sensor = 'sensor'): Oddity =>
  odd(name, (random) => ({
    plant: grow(random, { sensors: sensors(random) }),
    style: { form: 'long', sensor, value: 'value' },
    found: { sensor },
  }));

export const IDS: Oddity[] = [
  called('ids with slashes, dots and backslashes', () => ['../../etc/x', 'a/b/c', '..', 'C:\\x', '.']),
  called('ids with emoji and other writing', () => ['🌡️ küche', 'датчик', '温度', 'e\u0301']),
  called('an id of 10 kB', () => ['x'.repeat(10_000), 'y']),
  called('ids with zeros in front', () => ['007', '7', '0070'], 'sensor_id'),
  called('ids of digits only', () => ['101', '102', '4711'], 'station'),
  called('ids that look like other things', () => ['null', 'NaN', '2024-03-01', '1.5', 'true']),
  called('ids with SQL in them', () => ["'; DROP TABLE x; --", '$1', '{a}', '%s', "it's"]),
];
