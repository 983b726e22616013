import { hashBytes } from './hash.js';

/** Where the report of a run lies in the object store, and what its page shows of clusters. */
export function reportKey(runId: string, file: 'report.html' | 'report.json' | 'clusters.json'): string {
  const safe = runId.replaceAll(/[^\w.-]+/g, '_').slice(0, 150);
  // Other signs could make two runs alike.
  return `reports/${safe === runId ? safe : `${safe}-${hashBytes(runId).slice(0, 12)}`}/${file}`;
}
