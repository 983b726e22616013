import type { DayChunks } from './chunk.js';
import type { StagedFile } from './read.js';
import { countersAmong, type Rules } from './rules.js';

/** What a rule did, or what the readings show that a rule could mend. */
export interface RuleNote {
  rule: 'duplicates' | 'counters' | 'zeros' | 'sentinels' | 'clock' | 'sampling';
  count: number;
  /** What there were so many of, and what was done. */
  what: string;
  /** How to have it otherwise; null: there is nothing to set. */
  set: string | null;
}

const USED = {
  last: 'of each time the last was used',
  first: 'of each time the first was used',
  mean: 'of each time their mean was used',
  error: 'there are none',
};
/** When so many readings have the time of another, they are of several sensors, perhaps. */
const MOST_DUPLICATES = 0.2;
/** Of the days of a sensor, so many look like a counter's. */
const MOST_DAYS = 0.8;
/** Its interval is another when it is so many times as long or short. */
const OTHER_INTERVAL = 1.5;

/** All that rules did in a run, and what they could do; without what did not happen. */
export function ruleNotes(files: readonly StagedFile[], days: readonly DayChunks[], rules: Rules): RuleNote[] {
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  const bySensor = sensorsOf(days);
  const counters = new Set(countersAmong([...bySensor.keys()], rules));
  const looks = [...bySensor].filter(
    ([sensor, chunks]) =>
      !counters.has(sensor) && chunks.filter((each) => each.cumulative).length >= MOST_DAYS * chunks.length,
  );
  const zeros = sum(days.map((day) => day.chunks.filter(({ signs }) => signs.zeros).length));
  const duplicates = sum(days.map((day) => day.duplicates));
  const many = duplicates > MOST_DUPLICATES * sum(days.map((day) => day.duplicates + day.rows));
  const sites = many ? sitesIn(files) : null;
  const notes: RuleNote[] = [
    {
      rule: 'duplicates',
      count: duplicates,
      what: many
        ? doubtful(sites !== null, USED[rules.duplicates])
        : `readings of a sensor at a time that has another; ${USED[rules.duplicates]}`,
      set: many ? (sites ?? 'sensorColumn: …') : `duplicates: ${rules.duplicates === 'last' ? 'first' : 'last'}`,
    },
    {
      rule: 'sentinels',
      count: sum(files.map(({ sentinels }) => sentinels)),
      what: 'readings with a number that stands for missing',
      set: 'sentinels: []',
    },
    {
      rule: 'counters',
      count: counters.size,
      what: `sensors count up; their change per hour is used, with ${sum(days.map(({ resets }) => resets)).toLocaleString('en-US')} fresh starts`,
      set: 'counters: []',
    },
    {
      rule: 'counters',
      count: looks.length,
      what: `sensors look like counters (${looks[0]?.[0] ?? ''}); their readings are used as they are`,
      set: `counters: [${JSON.stringify(looks[0]?.[0] ?? '')}]`,
    },
    {
      rule: 'zeros',
      count: sum(days.map(({ dropped }) => dropped)),
      what: 'readings of 0 in a row, or of counters with one reading in a day, are taken for missing',
      set: 'zeroRuns: null',
    },
    {
      rule: 'zeros',
      count: zeros,
      what: 'chunks in which 0 may stand for missing: it comes in a row and no other reading is near',
      set: 'zeroRuns: 3',
    },
    {
      rule: 'clock',
      count: sum(files.map(({ clockSteps }) => clockSteps)),
      what: 'times a clock went back within a file; its readings are used in the order of their times',
      set: null,
    },
    {
      rule: 'sampling',
      count: [...bySensor.values()].filter(changesPace).length,
      what: 'sensors whose time between readings changes from day to day',
      set: null,
    },
  ];
  return notes.filter(({ count }) => count > 0);
}

const doubtful = (sites: boolean, used: string) =>
  `readings have the sensor and the time of another: ${sites ? 'sensors of several files are called the same' : 'of several sensors'}, perhaps; ${used}`;

/** A pattern of the paths of files that name their sensors themselves, by the first part in which they differ. */
function sitesIn(files: readonly StagedFile[]): string | null {
  const own = files.filter(({ form }) => form !== 'wide');
  const paths = own.map(({ within }) => within.split('/'));
  const folders = Math.min(...paths.map((parts) => parts.length)) - 1;
  const before = (at: number) => '*/'.repeat(at);
  // Folders and files of days are no places.
  if (new Set(own.map(({ name }) => name)).size < 2) return null;
  for (let at = 0; at < folders; at++)
    if (new Set(paths.map((parts) => parts[at])).size > 1) return `sensorPath: "${before(at)}{site}/**"`;
  const eachItsOwn = new Set(own.map(({ name }) => name)).size === own.length;
  return eachItsOwn && paths.every((parts) => parts.length === folders + 1)
    ? `sensorPath: "${before(folders)}{site}.*"`
    : null;
}

function sensorsOf(days: readonly DayChunks[]): Map<string, DayChunks['chunks'][number]['signs'][]> {
  const sensors = new Map<string, DayChunks['chunks'][number]['signs'][]>();
  for (const { chunks } of days) {
    for (const { sensor, signs } of chunks) {
      const own = sensors.get(sensor);
      if (own === undefined) sensors.set(sensor, [signs]);
      else own.push(signs);
    }
  }
  return sensors;
}

function changesPace(days: readonly { interval: number }[]): boolean {
  const paces = days.map(({ interval }) => interval).filter((interval) => interval > 0);
  return paces.some((pace, at) => {
    const ratio = at === 0 ? 1 : pace / paces[at - 1]!;
    return ratio > OTHER_INTERVAL || ratio < 1 / OTHER_INTERVAL;
  });
}
