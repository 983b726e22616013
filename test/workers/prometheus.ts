export interface Metric {
  name: string;
  labels: Record<string, string>;
  value: number;
}

interface Family {
  type: string;
  help: string | null;
  metrics: Metric[];
}

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"/;
const LINE = new RegExp(
  `^([a-zA-Z_:][\\w:]*)(?:\\{((?:${LABEL.source})(?:,${LABEL.source})*),?\\})? ([-+]?(?:[\\d.]+(?:e[-+]?\\d+)?|Inf)|nan)(?: \\d+)?$`,
  'i',
);
const PARTS: Record<string, string[]> = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] };

/**
 * Metrics in Prometheus' text format, by family. Reads as strictly as Prometheus does: each family once, its lines
 * together, each set of labels once, a line feed at the end.
 * @throws Error naming the line that cannot be read
 */
export function familiesOf(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current: { name: string; family: Family } | undefined;
  const begin = (name: string): Family => {
    if (current?.name === name) return current.family;
    if (families.has(name)) throw new Error(`${name} stands there twice`);
    const family: Family = { type: 'untyped', help: null, metrics: [] };
    families.set(name, family);
    current = { name, family };
    return family;
  };
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*)(?: (.*))?$/.exec(line);
    if (comment !== null) {
      const family = begin(comment[2]!);
      if (comment[1] === 'HELP') family.help = comment[3] ?? '';
      else family.type = comment[3] ?? '';
      continue;
    }
    if (line.startsWith('#')) continue;
    const match = LINE.exec(line);
    if (match === null) throw new Error(`no metric: ${line}`);
    const [, name = '', labels = ''] = match;
    const parts = PARTS[current?.family.type ?? ''] ?? [''];
    const family = parts.some((part) => `${current?.name}${part}` === name) ? current!.family : begin(name);
    const value = match.at(-1)!;
    family.metrics.push({ name, labels: labelsOf(labels), value: numberOf(value) });
    const key = `${name} ${JSON.stringify(Object.entries(labelsOf(labels)).sort())}`;
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
  }
  return families;
}

export const metricsOf = (text: string): Metric[] => [...familiesOf(text).values()].flatMap(({ metrics }) => metrics);

/** As Go reads it, whatever the case of its words. */
const numberOf = (text: string) => Number(text.replace(/inf/i, 'Infinity').replace(/nan/i, 'NaN'));

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(new RegExp(LABEL, 'g'))].map(([, name, value]) => [
      name!,
      value!.replace(/\\(["\\n])/g, (_, sign: string) => (sign === 'n' ? '\n' : sign)),
    ]),
  );
}
