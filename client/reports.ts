import { reportKey } from '../store/report-key.js';
import type { Millrace } from './millrace.js';

/** The report of a run as a page. @throws MillraceError MR_OBJECT_MISSING when it has none */
export async function readReport(millrace: Millrace, runId: string): Promise<string> {
  const objects = await millrace.objects();
  return (await objects.read(reportKey(runId, 'html'))).toString('utf8');
}
