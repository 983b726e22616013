import { expect, it } from 'vitest';
import { minutesOf, OFFSET, offsetIn } from '../../formats/zones.js';

it.each([
  ['UTC', 'UTC', 0],
  ['utc_timestamp', 'UTC', 0],
  ['timestamp (utc)', 'UTC', 0],
  ['Time GMT', 'UTC', 0],
  ['UT', 'UTC', 0],
  ['GMT+1', '+01:00', 60],
  ['UTC+05:30', '+05:30', 330],
  ['UTC -0330', '-03:30', -210],
  ['UTC+0', 'UTC', 0],
  ['+02:00', '+02:00', 120],
  ['-00:00', 'UTC', 0],
  ['CET', '+01:00', 60],
  ['MST', '-07:00', -420],
])('%s says that it is %s', (name, offset, minutes) => {
  expect(offsetIn(name)).toBe(offset);
  expect(OFFSET.test(offset)).toBe(true);
  expect(minutesOf(offset)).toBe(minutes);
});

it.each(['time', 'minUTCe', 'UTC+19', 'WESTERN', 'west', 'cet', 'time MST', 'IST', '', 'utcoffset', 'UTC+1:75'])(
  '%j says nothing of it',
  (name) => {
    expect(offsetIn(name)).toBeNull();
  },
);
