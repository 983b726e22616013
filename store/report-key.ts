/** Where the report of a run lies in the object store. */
export function reportKey(runId: string, form: 'html' | 'json'): string {
  return `reports/${runId.replaceAll(/[^\w.-]+/g, '_')}/report.${form}`;
}
