/** How times, spans and numbers are shown. */

const two = (n: number) => String(n).padStart(2, '0');

/** In the zone of the browser: `2026-03-14 09:05`. */
export function when(iso: string, seconds = false): string {
  const at = new Date(iso);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}${seconds ? `:${two(at.getSeconds())}` : ''}`;
}

const SPANS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

/** `4.2 s`, `3 min 12 s`, `2 h 5 min`. */
export function span(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const first = SPANS.findIndex(([size]) => whole >= size);
  const [size, unit] = SPANS[first]!;
  const rest = whole % size;
  const next = SPANS[first + 1];
  const more = next === undefined ? 0 : Math.floor(rest / next[0]);
  return `${Math.floor(whole / size)} ${unit}${more > 0 ? ` ${more} ${next![1]}` : ''}`;
}

/** `3 min ago`, `in 2 h`. */
export function ago(iso: string): string {
  const seconds = (Date.now() - Date.parse(iso)) / 1000;
  const text = span(Math.max(1, Math.abs(seconds)))
    .split(' ')
    .slice(0, 2)
    .join(' ');
  return seconds >= 0 ? `${text.replace(/\.\d/, '')} ago` : `in ${text.replace(/\.\d/, '')}`;
}

export const count = (n: number) => n.toLocaleString('en-US');
export const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** Four digits that say something. */
export function figure(value: unknown): string {
  if (typeof value !== 'number') return value === null || value === undefined ? '–' : String(value);
  if (Number.isInteger(value)) return count(value);
  return Math.abs(value) >= 1000 ? count(Math.round(value)) : value.toPrecision(4);
}

/** Whole days without their midnights. */
export function interval({ start, end }: { start: string; end: string }): string {
  const days = [start, end].every((iso) => /T00:00:00(\.000)?Z$/.test(iso));
  if (!days) return `${utc(start)} … ${utc(end)}`;
  const last = new Date(Date.parse(end) - 86_400_000).toISOString().slice(0, 10);
  return last === start.slice(0, 10) ? last : `${start.slice(0, 10)} … ${last}`;
}

export const utc = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')}Z`;

/** `7.2 KiB`. */
export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const at = Math.min(units.length, Math.floor(Math.log2(n) / 10));
  const value = n / 1024 ** at;
  return `${value < 10 ? value.toFixed(1) : count(Math.round(value))} ${units[at - 1]}`;
}
