import picomatch from 'picomatch';
import type { Fresh } from '../dag/plan.js';

/** Whether something is to be made anew, though it is there. */
export function isAnew(fresh: Fresh | undefined, what: { file?: string; day?: string; sensor?: string }): boolean {
  if (fresh === undefined || fresh === true) return fresh === true;
  const { days, sensors, files } = fresh;
  const { file, day, sensor } = what;
  if (file !== undefined) return files.length > 0 && picomatch.isMatch(file, files, { contains: true, dot: true });
  if (day === undefined || (days === null && sensors.length === 0)) return false;
  const inDays = days === null || (days.from <= day && day <= days.to);
  // The chunks of a day are made together: for sensors alone, only what is computed of each is made anew.
  if (sensor === undefined) return inDays && days !== null;
  return inDays && (sensors.length === 0 || picomatch.isMatch(sensor, sensors, { dot: true }));
}
