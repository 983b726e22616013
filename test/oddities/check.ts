import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../../activities/chunk.js';
import type { Finding } from '../../activities/findings.js';
import type { StagedFile } from '../../activities/read.js';
import { MillraceError } from '../../config/errors.js';
import { quote } from '../../store/sql.js';
import { type Chunked, chunkSource, writeSource } from '../support/sensor-source.js';
import { pathOf, type TestStores } from '../support/stores.js';
import { Random } from './plant.js';
import type { Oddity, Reading, Written } from './written.js';

/** What came of an oddity, or should have come. */
export interface Outcome {
  refused: string | null;
  account: Account;
  quarantined: Record<string, number>;
  sentinels: number;
  /** Readings that should be there and are not, and the other way round; the first of them. */
  absent: string[];
  unexpected: string[];
  found: unknown[];
}

/** For people: how an oddity was read. */
export interface Row {
  oddity: string;
  detected: string;
  account: string;
}

const MOST_SHOWN = 4;

/** Carries an oddity out with a seed. */
export async function carryOut(
  stores: TestStores,
  oddity: Oddity,
  seed: number,
): Promise<{ came: Outcome; expected: Outcome; row: Row }> {
  const written = oddity.write(new Random(seed + 1000 * hashOf(oddity.name)));
  const name = `${oddity.name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)}-${seed}`;
  await mkdir(join(stores.folder, name), { recursive: true });
  const source = await writeSource(stores, written.files, name);
  await written.make?.(source, stores);
  const refused = written.refused === undefined ? null : await refusalOf(() => chunkSource(stores, source));
  const chunked = await chunkSource(stores, source, written.options ?? {});
  const came = await readingsIn(stores, chunked.staged);
  const should = written.readings.map(lineOf);
  const outcome = {
    refused,
    account: chunked.account,
    quarantined: chunked.chunks.quarantined,
    sentinels: chunked.staged.reduce((sum, file) => sum + file.sentinels, 0),
    absent: lacking(should, came),
    unexpected: lacking(came, should),
    found: [...new Set(chunked.findings.alike.map((each) => JSON.stringify(saidOf(each, written.found))))].map((each) =>
      JSON.parse(each),
    ),
  };
  return { came: outcome, expected: expectedOf(written), row: rowOf(oddity.name, chunked, written) };
}

/** So that each oddity meets plants of its own. */
function hashOf(text: string): number {
  let hash = 0;
  for (const sign of text) hash = (hash * 31 + sign.codePointAt(0)!) % 1_000_003;
  return hash;
}

function expectedOf(written: Written): Outcome {
  const { readings, missing, quarantined = {}, duplicates = 0, sentinels = 0, refused = null, found } = written;
  const bad = Object.values(quarantined).reduce((a, b) => a + b, 0);
  const account = { used: readings.length, quarantined: bad, duplicate: duplicates, missing, outside: 0, failed: 0 };
  const read = Object.values(account).reduce((a, b) => a + b, 0);
  return {
    refused,
    account: { read, ...account },
    quarantined,
    sentinels,
    absent: [],
    unexpected: [],
    found: [found],
  };
}

async function refusalOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return 'not at all';
  } catch (error) {
    if (error instanceof MillraceError) return error.code;
    throw error;
  }
}

/** All usable readings, of one sensor at one time the last. */
async function readingsIn(stores: TestStores, staged: readonly StagedFile[]): Promise<string[]> {
  const lines = new Map<string, string>();
  for (const file of staged) {
    if (file.object === null) continue;
    const path = await pathOf(stores, file.object);
    const own = await stores.duck.session({ tz: 'UTC', signal: undefined }, (duck) =>
      duck.rows<Reading>(
        `SELECT time, sensor, value FROM read_parquet(${quote(path)}, file_row_number = true) WHERE reason IS NULL ORDER BY file_row_number`,
      ),
    );
    for (const reading of own) lines.set(`${reading.time} ${reading.sensor}`, lineOf(reading));
  }
  return [...lines.values()];
}

function lineOf({ time, sensor, value }: Reading): string {
  const us = String((time % 1_000_000) + 1_000_000).slice(1);
  return `${new Date(Math.floor(time / 1e6) * 1000).toISOString().slice(0, 19)}.${us} ${sensor} ${value}`;
}

function lacking(these: readonly string[], those: readonly string[]): string[] {
  const there = new Set(those);
  const not = these.filter((line) => !there.has(line));
  const shown = not.slice(0, MOST_SHOWN).map((line) => line.slice(0, 200));
  return not.length > MOST_SHOWN ? [...shown, `and ${not.length - MOST_SHOWN} more`] : shown;
}

/** Of a finding, what somebody has an opinion on. */
function saidOf(finding: Finding, asked: Record<string, unknown>): Record<string, unknown> {
  const said: Record<string, unknown> = {
    form: finding.form,
    kind: finding.kind,
    packing: finding.packing,
    encoding: finding.encoding,
    leftOut: finding.columns.filter(({ role }) => role.startsWith('left out')).map(({ name }) => name),
    units: Object.fromEntries(finding.columns.flatMap(({ name, unit }) => (unit === null ? [] : [[name, unit]]))),
    tables: finding.tables,
  };
  for (const { what, decided } of finding.decisions) said[what] = decided;
  return Object.fromEntries(Object.keys(asked).map((key) => [key, said[key] ?? null]));
}

function rowOf(oddity: string, { findings, account }: Chunked, { options }: Written): Row {
  const [first] = findings.alike;
  const { form, kind, packing, encoding } = first!;
  const facts = [
    kind === 'text' ? null : kind,
    packing === 'none' ? null : packing,
    encoding === 'utf-8' ? null : encoding,
    form,
    ...first!.decisions
      .filter(({ what }) => what !== 'header' && what !== 'sensor')
      .map(({ what, decided }) => (what === 'decimal mark' ? `decimal ${decided}` : decided)),
    options === undefined ? null : `told ${JSON.stringify(options)}`,
  ];
  const fates = Object.entries(account).filter(([fate, n]) => fate !== 'read' && n > 0);
  return {
    oddity,
    detected: facts.filter((fact) => fact !== null).join(' · '),
    account: `${account.read} = ${fates.map(([fate, n]) => `${n} ${fate}`).join(' + ')}`,
  };
}
