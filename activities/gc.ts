import { setTimeout as sleep } from 'node:timers/promises';
import type { RetentionPolicy } from '../config/retention.js';
import { reportKey } from '../store/report-key.js';
import type { NeededFor, OutdatedVersions, Retention } from '../store/tables/retention.js';
import type { Attempt, Stores } from './context.js';
import { Needed } from './gc-needed.js';
import { type Ages, byKind, outdatedObjects, outdatedRecords, removeObjects, type SweptKind } from './gc-sweep.js';

export interface GcCall {
  /** Otherwise it is only said what would go. */
  delete: boolean;
}

/** What went by the policy, or would go. */
export interface GcReport {
  deleted: boolean;
  /** Ages in ms. */
  policy: RetentionPolicy;
  runs: number;
  backfills: number;
  logLines: number;
  versions: number;
  auditEntries: number;
  notices: number;
  objects: SweptKind[];
  /** What is old enough to go, and stays since it is needed: runs by what for. */
  needed: { versions: number; runs: Record<NeededFor, number> };
}

/** An attempt looks up what is kept when it begins, and says what it found as soon as it has; so long it may take. */
const LOOKING_MS = 30_000;
const POLL_MS = 200;

/**
 * Lets go of what is older than the policy says and what nothing needs: first rows of tables, then kept records, then
 * objects. While records go, runs may begin; from then on none finds a record that is gone, so that what they need is
 * asked once more before objects go, and what they write is young. What is gone from under a run all the same, that run
 * makes again.
 */
export function createGc(stores: Pick<Stores, 'objects' | 'retention' | 'retentionPolicy'>) {
  return async ({ delete: deletes }: GcCall, attempt: Attempt): Promise<GcReport> => {
    const { objects, retention } = stores;
    const policy = await stores.retentionPolicy();
    const now = Date.now();
    const ago = (ms: number | null) => (ms === null ? null : new Date(now - ms));
    const [runsBefore, logsBefore, auditBefore] = [ago(policy.runs), ago(policy.logs), ago(policy.audit)];
    const ages: Ages = { graceMs: now - policy.grace, runsMs: runsBefore?.getTime() ?? null };

    const versions = await (deletes ? retention.removeVersions(policy.versions) : retention.versions(policy.versions));
    const runs = await retention.runs(runsBefore, versions.go);
    const table = {
      logLines: await (deletes
        ? retention.removeLogLines(logsBefore, runs.go, (done) => step(done, done, 'log lines'))
        : retention.countLogLines(logsBefore, runs.go)),
      auditEntries: await (deletes ? retention.removeAudit(auditBefore) : retention.countAudit(auditBefore)),
      notices: await (deletes ? retention.removeNotices(auditBefore) : retention.countNotices(auditBefore)),
    };
    if (deletes) await retention.removeRuns(runs.go, (done) => step(done, runs.go.length, 'runs'));
    const backfills = await (deletes ? retention.removeBackfills(runsBefore) : retention.countBackfills(runsBefore));

    const needed = new Needed(objects);
    const gone = { runs: runs.go, versions: versions.go };
    await addRoots(retention, needed, gone, attempt);
    const records = await outdatedRecords(objects, needed, ages, attempt);
    const recordsGone = deletes ? await removeObjects(objects, records, ages, attempt) : records;
    const found = await outdatedObjects(objects, needed, ages, attempt);
    if (deletes && found.length > 0) {
      await untilFound(retention, attempt);
      await addRoots(retention, needed, gone, attempt);
    }
    const old = found.filter(({ key }) => !needed.has(key));
    const objectsGone = deletes ? await removeObjects(objects, old, ages, attempt) : old;

    return {
      deleted: deletes,
      policy,
      runs: runs.go.length,
      backfills,
      ...table,
      versions: versions.go.length,
      objects: byKind([...recordsGone, ...objectsGone]),
      needed: { versions: versions.needed, runs: runs.needed },
    };

    function step(done: number, total: number, unit: string): void {
      attempt.signal.throwIfAborted();
      attempt.progress(done, total, unit);
    }
  };
}

/** Marks what the runs and versions need that stay, with all that this speaks of. */
async function addRoots(
  retention: Retention,
  needed: Needed,
  gone: { runs: string[]; versions: OutdatedVersions['go'] },
  { signal }: Attempt,
): Promise<void> {
  for await (const { runs, values } of retention.roots(gone)) {
    signal.throwIfAborted();
    for (const run of runs) for (const file of REPORT_FILES) needed.addObject(reportKey(run, file));
    await needed.add(values);
  }
}

const REPORT_FILES = ['report.html', 'report.json', 'clusters.json'] as const;

/** Waits for those who may have looked up a record just before it went: they are about to say what they found. */
async function untilFound(retention: Retention, { signal }: Attempt): Promise<void> {
  const to = await retention.clock();
  const from = new Date(to.getTime() - LOOKING_MS);
  for (const end = Date.now() + LOOKING_MS; Date.now() < end && (await retention.areLooking(from, to)); )
    await sleep(POLL_MS, undefined, { signal });
}
