import { setTimeout as sleep } from 'node:timers/promises';
import { DEPLOYMENT } from '../config/deployment.js';
import { MillraceError } from '../config/errors.js';
import { STEP_QUEUES, WORKFLOW_QUEUE } from '../config/queues.js';
import type { Millrace } from './millrace.js';

const POLL_MS = 500;

/** The build that new runs begin on; null while there is none. */
export async function currentBuild({ connection, settings }: Millrace): Promise<string | null> {
  const { namespace } = settings.temporal;
  try {
    const { workerDeploymentInfo } = await connection.workflowService.describeWorkerDeployment({
      namespace,
      deploymentName: DEPLOYMENT,
    });
    return workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The task queues of ours that workers of a build do not serve yet. */
async function unserved({ connection, settings, pipelines }: Millrace, buildId: string): Promise<string[]> {
  const { own, ...ours } = STEP_QUEUES;
  const wanted: string[] = [WORKFLOW_QUEUE, ...Object.values(ours), ...(pipelines.ownSteps.length > 0 ? [own] : [])];
  try {
    const { versionTaskQueues } = await connection.workflowService.describeWorkerDeploymentVersion({
      namespace: settings.temporal.namespace,
      deploymentVersion: { deploymentName: DEPLOYMENT, buildId },
    });
    return wanted.filter((queue) => !versionTaskQueues.some(({ name }) => name === queue));
  } catch (error) {
    if (isMissing(error)) return wanted;
    throw error;
  }
}

/**
 * Makes a build the one that new runs begin on, once its workers serve every queue. Runs that began on another build
 * end on it: its workers stay until they have.
 * @throws MillraceError MR_SERVICE when the workers do not come in time
 */
export async function deployBuild(
  millrace: Millrace,
  buildId: string,
  { waitMs, onWait }: { waitMs: number; onWait(lacking: string[]): void },
): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const lacking = await unserved(millrace, buildId);
    if (lacking.length === 0) break;
    if (Date.now() > deadline) {
      throw new MillraceError('MR_SERVICE', `no worker of build "${buildId}" serves ${lacking.join(', ')}`, {
        next: 'start workers of that build for them, and deploy again',
      });
    }
    onWait(lacking);
    await sleep(POLL_MS);
  }
  const { connection, settings } = millrace;
  await connection.workflowService.setWorkerDeploymentCurrentVersion({
    namespace: settings.temporal.namespace,
    deploymentName: DEPLOYMENT,
    buildId,
    identity: 'millrace deploy',
  });
}

const isMissing = (error: unknown) => (error as { code?: number }).code === 5;
