import { hashBytes } from './hash.js';

/** Where the report of a run lies in the object store. */
export function reportKey(runId: string, form: 'html' | 'json'): string {
  const safe = runId.replaceAll(/[^\w.-]+/g, '_').slice(0, 150);
  // Other signs could make two runs alike.
  return `reports/${safe === runId ? safe : `${safe}-${hashBytes(runId).slice(0, 12)}`}/report.${form}`;
}
