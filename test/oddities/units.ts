import { grow } from './plant.js';
import { type Oddity, odd } from './written.js';

const UNITS: Record<string, string> = { 'TI-101': '°C', 'FT 7': 'm³/h', hum: '%', P12: 'kW', level: 'mg/l' };
const SENSORS = Object.keys(UNITS);
const unitOf = (sensor: string) => UNITS[sensor]!;

export const UNITS_WRITTEN: Oddity[] = [
  odd('units in the cells of wide tables: 21.5 °C', (random) => {
    const plant = grow(random, { sensors: random.some(SENSORS, 3) });
    return {
      plant,
      style: { form: 'wide', number: (value, sensor) => `${value} ${unitOf(sensor)}` },
      found: { 'decimal mark': '.', units: Object.fromEntries(plant.sensors.map((id) => [id, unitOf(id)])) },
    };
  }),
  odd('units in the cells of long tables, of each sensor its own', (random) => ({
    plant: grow(random, { sensors: random.some(SENSORS, 3) }),
    style: { form: 'long', number: (value, sensor) => `${value} ${unitOf(sensor)}` },
    found: { 'decimal mark': '.' },
  })),
  odd('per cent signs right behind numbers: 50%', (random) => ({
    plant: grow(random, { from: 0, to: 100 }),
    style: { number: (value) => `${value}%` },
    found: { 'decimal mark': '.' },
  })),
  odd('units behind decimal commas: 21,5 °C', (random) => ({
    plant: grow(random),
    style: { number: (value) => `${String(value).replace('.', ',')} °C` },
    text: { delimiter: ';' },
    found: { 'decimal mark': ',' },
  })),
  odd('units in brackets behind names', (random) => {
    const plant = grow(random, { sensors: random.some(SENSORS, 3) });
    const [open, close] = random.pick([
      ['[', ']'],
      ['(', ')'],
    ]);
    return {
      plant,
      style: { form: 'wide', column: (id) => `${id} ${open}${unitOf(id)}${close}` },
      found: { units: Object.fromEntries(plant.sensors.map((id) => [id, unitOf(id)])) },
    };
  }),
  odd('a row of units below the names', (random) => {
    const plant = grow(random, { sensors: random.some(SENSORS, 3) });
    const units = ['', ...plant.sensors.map(unitOf)].join(',');
    return {
      plant,
      style: { form: 'wide' },
      edit: (text) => text.replace('\n', `\n${units}\n`),
      found: { header: 'line 1', units: Object.fromEntries(plant.sensors.map((id) => [id, unitOf(id)])) },
    };
  }),
];
