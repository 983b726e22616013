import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Account } from '../../activities/chunk.js';
import type { SourceTable } from '../../activities/source-table.js';
import { MillraceError } from '../../config/errors.js';
import { Duck } from '../../store/duck.js';
import { readJson } from '../../store/frames.js';
import { quote } from '../../store/sql.js';
import { type Chunked, chunkSource } from '../support/sensor-source.js';
import { pathOf, type TestStores } from '../support/stores.js';
import { type Case, Cases } from './cases.js';

/** Where files that broke something are kept. */
export const FAILURES = '/tmp/fuzz-failures';

/** So long may the steps work on one small file. */
const CASE_MS = 20_000;
/** Aborted, they have to be at an end after so long. */
const STOP_MS = 5000;
/** Nothing else gets a turn: a heartbeat would be missed long before. The watchdog ends the process. */
const BLOCKED_MS = 60_000;
/** This is waited for, as streams close a little later than they end. */
const CLOSE_MS = 1000;
const MOST_RSS_MIB = 3072;
const MOST_GROWTH_MIB = 1024;
/** Of one kind of failure, so many are kept. */
const KEPT = 5;

/** What DuckDB spilled to when its memory did not do, it keeps as long as it is open. */
const ours = (path: string) => !path.includes('duckdb_temp_storage_');

/** What files may be refused with: what is wrong with them, not with us. */
const REFUSALS = new Set([
  ...['MR_FILE_UNREADABLE', 'MR_COLUMN_MISSING', 'MR_SOURCE_EMPTY', 'MR_NO_CHUNKS', 'MR_TIME_AMBIGUOUS', 'MR_SPACE'],
]);

export interface Failure {
  seed: number;
  /** The same for cases that break the same thing. */
  kind: string;
  why: string;
  mutations: string[];
  kept: string | null;
}

export interface Outcome {
  cases: number;
  seconds: number;
  /** How often files were read, and what they were refused with. */
  codes: Record<string, number>;
  kinds: Record<string, number>;
  failures: Failure[];
  /** What is no failure, and yet nothing to be proud of: why → seeds. */
  notes: Record<string, number[]>;
  slowest: { seed: number; ms: number }[];
  rssMiB: number[];
}

export interface FuzzOptions {
  seed: number;
  /** Either ends it. */
  cases?: number;
  seconds?: number;
  log?: (line: string) => void;
}

/** Damages files by chance with a seed, and puts each through the steps from listing to chunks. */
export async function fuzz(
  stores: TestStores,
  { seed, cases = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY, log }: FuzzOptions,
): Promise<Outcome> {
  const fuzzer = await Fuzzer.open(stores);
  try {
    const began = performance.now();
    let told = began;
    for (let nth = 0; nth < cases && performance.now() - began < seconds * 1000; nth++) {
      await fuzzer.run(seedOf(seed, nth));
      fuzzer.outcome.seconds = (performance.now() - began) / 1000;
      if (log !== undefined && performance.now() - told > 30_000) {
        told = performance.now();
        const { outcome } = fuzzer;
        log(
          JSON.stringify({
            ...outcome,
            rssMiB: outcome.rssMiB.at(-1),
            notes: undefined,
            failures: outcome.failures.length,
            slowest: outcome.slowest.slice(0, 3),
          }),
        );
      }
    }
    return fuzzer.finish();
  } finally {
    await fuzzer.close();
  }
}

/** Runs one case again, by the seed that is told with a failure. */
export async function again(stores: TestStores, caseSeed: number): Promise<Outcome> {
  const fuzzer = await Fuzzer.open(stores);
  try {
    await fuzzer.run(caseSeed);
    return fuzzer.finish();
  } finally {
    await fuzzer.close();
  }
}

const seedOf = (seed: number, nth: number) => (Math.imul(seed, 0x9e3779b1) + Math.imul(nth, 0x85ebca6b)) >>> 0;

class Fuzzer {
  readonly outcome: Outcome = {
    cases: 0,
    seconds: 0,
    codes: {},
    kinds: {},
    failures: [],
    notes: {},
    slowest: [],
    rssMiB: [],
  };
  readonly #unhandled: unknown[] = [];
  readonly #onUnhandled = (error: unknown) => this.#unhandled.push(error);
  readonly #beats = new Float64Array(new SharedArrayBuffer(16));
  readonly #watchdog: Worker;
  readonly #timer: NodeJS.Timeout;
  readonly #running = join(FAILURES, `running-${process.pid}`);
  readonly #perKind = new Map<string, number>();
  #folder = 0;

  private constructor(
    private readonly stores: TestStores,
    private readonly cases: Cases,
  ) {
    mkdirSync(this.#running, { recursive: true });
    process.on('unhandledRejection', this.#onUnhandled);
    process.on('uncaughtExceptionMonitor', this.#onUnhandled);
    this.#watchdog = new Worker(WATCHDOG, {
      eval: true,
      workerData: { beats: this.#beats, limitMs: BLOCKED_MS, pid: process.pid, running: this.#running },
    });
    this.#watchdog.unref();
    this.#timer = setInterval(() => this.#beat(), 50);
  }

  static async open(stores: TestStores): Promise<Fuzzer> {
    // A DuckDB that died takes no more queries: the next case gets another.
    return new Fuzzer({ ...stores }, await Cases.open(stores));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#watchdog.terminate();
    process.off('unhandledRejection', this.#onUnhandled);
    process.off('uncaughtExceptionMonitor', this.#onUnhandled);
    await rm(this.#running, { recursive: true, force: true });
  }

  #beat(): void {
    const now = Date.now();
    const late = now - this.#beats[0]!;
    this.#beats[0] = now;
    if (late > this.#beats[1]!) this.#beats[1] = late;
  }

  async run(seed: number): Promise<void> {
    const made = this.cases.make(seed);
    const { outcome, stores } = this;
    const source = join(stores.folder, `source-${this.#folder++}`);
    // Where it is found after a crash.
    await rm(this.#running, { recursive: true, force: true });
    for (const folder of [source, this.#running]) {
      for (const [name, bytes] of Object.entries(made.files)) {
        await mkdir(join(folder, name, '..'), { recursive: true });
        await writeFile(join(folder, name), bytes);
      }
    }
    await writeFile(
      `${this.#running}/case.json`,
      JSON.stringify({ seed, log: made.log, options: made.options, abortMs: made.abortMs }, null, 1),
    );
    this.#beats[0] = Date.now();
    this.#beats[1] = 0;
    const began = performance.now();
    let found = await this.#attempt(made, source);
    if (found.code === 'too long') {
      // A machine that was busy with something else is no failure of ours.
      this.#note('too long the first time', seed);
      found = await this.#attempt(made, source);
    }
    const ms = performance.now() - began;
    this.#beat();

    const fail = (kind: string, why = kind) => this.#fail(made, seed, kind, why);
    outcome.cases++;
    outcome.codes[found.code] = (outcome.codes[found.code] ?? 0) + 1;
    outcome.kinds[made.kind] = (outcome.kinds[made.kind] ?? 0) + 1;
    outcome.slowest = [...outcome.slowest, { seed, ms: Math.round(ms) }].sort((a, b) => b.ms - a.ms).slice(0, 10);
    const blocked = this.#beats[1]!;
    if (blocked > CASE_MS) await fail('it blocked the thread', `for ${Math.round(blocked)} ms`);
    else if (blocked > 2000) this.#note('it blocked the thread for more than 2 s', seed);
    if (found.failure !== null) await fail(found.failure.kind, found.failure.why);
    if (found.note !== null) this.#note(found.note, seed);
    await this.#assertClean(fail, source);
    await this.#assertDuck(fail);
    for (const error of this.#unhandled.splice(0))
      await fail('unhandled rejection', String((error as Error)?.stack ?? error));
    const rss = Math.round(process.memoryUsage.rss() / 2 ** 20);
    if (outcome.cases % 20 === 0) outcome.rssMiB.push(rss);
    if (rss > MOST_RSS_MIB) await fail(`more than ${MOST_RSS_MIB} MiB of memory`, `${rss} MiB`);
    await rm(source, { recursive: true, force: true });
    await this.#emptyStore();
  }

  /** The steps, and what came of them. */
  async #attempt(
    made: Case,
    source: string,
  ): Promise<{ code: string; failure: { kind: string; why: string } | null; note: string | null }> {
    const abort = new AbortController();
    const stores: TestStores = { ...this.stores, attempt: (signal = abort.signal) => this.stores.attempt(signal) };
    const work = chunkSource(stores, source, made.options).then(
      (chunked) => ({ chunked, error: null }),
      (error: unknown) => ({ chunked: null, error }),
    );
    const ended = await Promise.race([work, sleep(made.abortMs ?? CASE_MS, null, { ref: false })]);
    if (ended === null) {
      abort.abort();
      const stopped = await Promise.race([work, sleep(STOP_MS, null, { ref: false })]);
      if (stopped === null) {
        await work;
        return {
          code: 'never stopped',
          failure: { kind: 'it did not stop when aborted', why: `within ${STOP_MS} ms` },
          note: null,
        };
      }
      if (made.abortMs === null)
        return { code: 'too long', failure: { kind: `it took more than ${CASE_MS} ms`, why: '' }, note: null };
      return { code: 'aborted', failure: null, note: null };
    }
    if (ended.chunked !== null) {
      const failure = await wrongIn(stores, ended.chunked, made).catch((error: unknown) => ({
        kind: 'what was staged cannot be read',
        why: String((error as Error).stack),
      }));
      const twin = failure === null ? await this.#twin(made, stores, ended.chunked) : null;
      return { code: 'read', failure: failure ?? twin, note: null };
    }
    const { error } = ended;
    if (!(error instanceof MillraceError)) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return {
        code: 'crashed',
        failure: { kind: `no MillraceError: ${plain(stack.split('\n')[0]!)}`, why: stack },
        note: null,
      };
    }
    const twin = await this.#twin(made, stores, error);
    // A pattern of paths that fits some tables, and not all.
    const misfit = error.code === 'MR_PARAM' && error.message.includes('sensorPath');
    if (!misfit && !REFUSALS.has(error.code))
      return {
        code: error.code,
        failure: { kind: `${error.code} ${plain(error.message.split('\n')[0]!)}`, why: error.stack ?? '' },
        note: null,
      };
    if (/INTERNAL Error|FATAL Error|invalidated|[Aa]ssertion/.test(error.message.replaceAll(source, '')))
      return {
        code: error.code,
        failure: { kind: plain(error.message.split('\n')[0]!), why: error.stack ?? '' },
        note: null,
      };
    const { cause } = error;
    const ours =
      cause instanceof TypeError ||
      cause instanceof RangeError ||
      cause instanceof ReferenceError ||
      /undefined|not a function|\bnull\b.*propert|\[object/.test(error.message);
    return {
      code: error.code,
      failure: twin,
      note: ours ? `a message for programmers: ${plain(error.message.split('\n')[0]!)}` : null,
    };
  }

  /** The same text in another packing has to come to the same. */
  async #twin(
    made: Case,
    stores: TestStores,
    first: Chunked | MillraceError,
  ): Promise<{ kind: string; why: string } | null> {
    if (made.twin === null) return null;
    const source = join(stores.folder, `twin-${this.#folder++}`);
    for (const [name, bytes] of Object.entries(made.twin.files)) {
      await mkdir(join(source, name, '..'), { recursive: true });
      await writeFile(join(source, name), bytes);
    }
    const second = await chunkSource(stores, source, made.options).catch((error: unknown) => error as Error);
    await rm(source, { recursive: true, force: true });
    const told = (each: Chunked | Error) =>
      each instanceof Error
        ? ((each as MillraceError).code ?? String(each))
        : JSON.stringify([each.account, Object.entries(each.chunks.quarantined).sort(), each.chunks.valueHash]);
    const [one, two] = [told(first), told(second)];
    return one === two
      ? null
      : {
          kind: `differs ${made.twin.how}`,
          why: `${one}\n${two}\n${first instanceof Error ? first.message : ''}\n${second instanceof Error ? second.stack : ''}`,
        };
  }

  async #fail(made: Case, seed: number, kind: string, why: string): Promise<void> {
    const n = (this.#perKind.get(kind) ?? 0) + 1;
    this.#perKind.set(kind, n);
    let kept: string | null = null;
    if (n <= KEPT) {
      kept = join(FAILURES, `${kind.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 60)}-${seed}`);
      await rm(kept, { recursive: true, force: true });
      await cp(this.#running, kept, { recursive: true });
      if (made.twin !== null)
        for (const [name, bytes] of Object.entries(made.twin.files))
          await writeFile(join(kept, `twin-${name.replaceAll('/', '_')}`), bytes);
      await writeFile(join(kept, 'why.txt'), `${kind}\n${why}\n`);
      console.error(`fuzz: seed ${seed}: ${kind}\n  ${why.slice(0, 600)}\n  ${made.log.join(' > ')}\n  ${kept}`);
    }
    this.outcome.failures.push({ seed, kind, why, mutations: made.log, kept });
  }

  #note(note: string, seed: number): void {
    const seeds = this.outcome.notes[note] ?? [];
    this.outcome.notes[note] = seeds;
    if (seeds.length < 5) seeds.push(seed);
  }

  /** Nothing is left in the scratch folders, and no file is still open. */
  async #assertClean(fail: (kind: string, why?: string) => Promise<void>, source: string): Promise<void> {
    const { folder } = this.stores;
    const waitUntil = performance.now() + CLOSE_MS;
    let left: string[] = [];
    let open: string[] = [];
    do {
      left = [...(await below(join(folder, 'store', 'scratch'))), ...(await below(join(folder, 'scratch')))].filter(
        ours,
      );
      open = openFiles().filter((path) => path.startsWith(folder) && ours(path));
      if (left.length === 0 && open.length === 0) return;
      await sleep(20);
    } while (performance.now() < waitUntil);
    if (left.length > 0) {
      await fail('something is left in the scratch folder', left.slice(0, 5).join(', '));
      for (const each of left) await rm(each, { recursive: true, force: true });
    }
    if (open.length > 0) await fail('files are left open', open.map((path) => path.replace(source, '')).join(', '));
  }

  async #assertDuck(fail: (kind: string, why?: string) => Promise<void>): Promise<void> {
    try {
      await this.stores.duck.session({ tz: 'UTC', signal: undefined }, (duck) => duck.rows('SELECT 1'));
    } catch (error) {
      await fail('DuckDB died', String(error));
      this.stores.duck = new Duck({ memoryMiB: 256, threads: 2, scratch: join(this.stores.folder, 'scratch') });
    }
  }

  /** Of thousands of cases, what they stored would fill the disk. */
  async #emptyStore(): Promise<void> {
    const store = join(this.stores.folder, 'store');
    for (const name of await readdir(store).catch(() => []))
      if (name !== 'scratch') await rm(join(store, name), { recursive: true, force: true });
  }

  finish(): Outcome {
    const { outcome } = this;
    const { rssMiB } = outcome;
    const quarter = Math.floor(rssMiB.length / 4);
    if (quarter >= 4) {
      const grown = Math.min(...rssMiB.slice(-quarter)) - Math.min(...rssMiB.slice(quarter, 2 * quarter));
      if (grown > MOST_GROWTH_MIB)
        outcome.failures.push({ seed: 0, kind: 'memory grows', why: `by ${grown} MiB`, mutations: [], kept: null });
    }
    return outcome;
  }
}

/** What does not add up in what was read; null: nothing. */
export async function wrongIn(
  stores: TestStores,
  { account, manifest, staged, chunks, inspected }: Chunked,
  made: Case,
): Promise<{ kind: string; why: string } | null> {
  const told = JSON.stringify({ account, quarantined: chunks.quarantined });
  const { read, ...fates } = account satisfies Account;
  if (Object.values(account).some((n) => !Number.isSafeInteger(n) || n < 0))
    return { kind: 'the account has strange numbers', why: told };
  if (Object.values(fates).reduce((a, b) => a + b, 0) !== read)
    return { kind: 'the account does not add up', why: told };
  const tables = await readJson<SourceTable[]>(stores.objects, inspected.tables);
  const widths = new Map(
    tables.map((table) => [
      [table.file.path, table.member, table.table].filter((part) => part !== null).join('!'),
      table.layout,
    ]),
  );
  for (const day of manifest.days) {
    if (day.chunks.reduce((sum, { rows }) => sum + rows, 0) !== day.rows)
      return { kind: 'chunks of a day do not add up', why: day.day };
    for (const chunk of day.chunks) {
      if (
        chunk.sensor.trim() === '' ||
        !(chunk.share >= 0 && chunk.share <= 1) ||
        !(chunk.largestGap >= 0) ||
        chunk.first < day.start ||
        chunk.last >= day.end
      )
        return { kind: 'a chunk is strange', why: JSON.stringify(chunk) };
    }
  }
  let records = 0;
  for (const file of staged) {
    const layout = widths.get(file.path) ?? null;
    if (layout === null) continue;
    const width = layout.form === 'long' ? 1 : layout.values.length;
    if (file.read % width !== 0)
      return { kind: 'records are read in part', why: `${file.read} readings, ${width} in each record` };
    records += file.read / width;
    if (file.quarantine === null) continue;
    const path = await pathOf(stores, file.quarantine);
    const [row] = await stores.duck.session({ tz: 'UTC', signal: undefined }, (duck) =>
      duck.rows<Record<string, number>>(
        `SELECT count(*)::DOUBLE AS n, min(record)::DOUBLE AS first, max(record)::DOUBLE AS last,
                (count(*) FILTER (reason = 'bad_record'))::DOUBLE AS bad, (count(DISTINCT record) FILTER (reason = 'bad_record'))::DOUBLE AS different
         FROM read_parquet(${quote(path)})`,
      ),
    );
    const { bad_record = 0, ...own } = file.quarantined;
    const others = Object.values(own).reduce((a, b) => a + b, 0);
    const why = JSON.stringify({ ...row, quarantined: file.quarantined, width, read: file.read });
    if (row!.bad !== bad_record / width || row!.n! - row!.bad! !== others)
      return { kind: 'the quarantine has not what was counted', why };
    if (row!.different !== row!.bad) return { kind: 'two bad records have one number', why };
    if (row!.first! < 1 || row!.last! > file.read / width)
      return { kind: 'the number of a quarantined record is none', why };
  }
  if (made.records !== null && records !== made.records)
    return { kind: 'not all records were read', why: `${records} were read, ${made.records} are there; ${told}` };
  return null;
}

/** A message without what differs from case to case. */
export const plain = (message: string) =>
  message
    .replaceAll(/\/tmp\/\S+/g, '…')
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/\d+/g, '#')
    .slice(0, 160);

async function below(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    // The folder of the process stays.
    if (entry.isDirectory() && entry.name.endsWith(`-${process.pid}`)) found.push(...(await below(path)));
    else found.push(path);
  }
  return found;
}

/** Where the system tells: what this process has open. */
function openFiles(): string[] {
  try {
    return readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** In a thread of its own: it ends a process whose thread does nothing else any more. */
const WATCHDOG = `
  const { workerData: { beats, limitMs, pid, running } } = require('node:worker_threads');
  const { writeSync, renameSync } = require('node:fs');
  setInterval(() => {
    if (beats[0] === 0 || Date.now() - beats[0] < limitMs) return;
    const kept = running.replace('running-', 'hang-') + '-' + Date.now();
    renameSync(running, kept);
    writeSync(2, 'fuzz: the thread was blocked for ' + limitMs + ' ms; the case is in ' + kept + '\\n');
    process.kill(pid, 'SIGKILL');
  }, 1000);
`;
