import type { ClusterView } from '../activities/cluster-view.js';
import { reportKey } from '../store/report-key.js';
import type { Millrace } from './millrace.js';

export type { ClusterView } from '../activities/cluster-view.js';

/** The report of a run as a page. @throws MillraceError MR_OBJECT_MISSING when it has none */
export async function readReport(millrace: Millrace, runId: string): Promise<string> {
  const objects = await millrace.objects();
  return (await objects.read(reportKey(runId, 'report.html'))).toString('utf8');
}

/** The clusters of a run, as its page shows them. @throws MillraceError MR_OBJECT_MISSING when it has none */
export async function readClusters(millrace: Millrace, runId: string): Promise<ClusterView> {
  const objects = await millrace.objects();
  return JSON.parse((await objects.read(reportKey(runId, 'clusters.json'))).toString('utf8')) as ClusterView;
}
