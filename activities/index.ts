import type { StepQueue } from '../config/queues.js';
import type { OwnStep } from '../pipelines/own-step.js';
import { createAnswer, createAsk } from './ask.js';
import { activity, plainActivity } from './attempt.js';
import { createBackfillNext, createBackfillState } from './backfill.js';
import { createChunk } from './chunk.js';
import { createCompare } from './compare.js';
import type { Stores } from './context.js';
import { createEvaluate } from './evaluate.js';
import { createExplain } from './explain.js';
import { createFeatures } from './features.js';
import { createFinish } from './finish.js';
import { createFit } from './fit.js';
import { createGc } from './gc.js';
import { createHoldout } from './holdout.js';
import { createInspect } from './inspect.js';
import type { MappedActivities } from './mapped.js';
import { createAlert, createNotify } from './notify.js';
import { createChunkStep, createOnceStep } from './own.js';
import { createPause } from './pause.js';
import { createPredict } from './predict.js';
import { createPublishModel, createPublishPredictions } from './publish.js';
import { createPublishTable } from './publish-table.js';
import { createRead } from './read.js';
import { createPredictionReport, createTrainingReport } from './report.js';
import { createInspectionReport } from './report-inspection.js';
import { createTableReport } from './report-table.js';
import { createResolve } from './resolve.js';
import { createTrain } from './train.js';
import { createTransform } from './transform.js';
import { createHandOver, createLook } from './trigger.js';

export type Activities = Record<string, (call: never) => Promise<unknown>>;

/** The activities each queue serves, made when a worker of that queue starts. */
export const ACTIVITIES: Record<StepQueue, (stores: Stores) => Activities> = {
  resolve: (stores) => ({
    resolve: plainActivity(stores, createResolve(stores)),
    pause: plainActivity(stores, createPause(stores)),
    ask: plainActivity(stores, createAsk(stores)),
    answer: plainActivity(stores, createAnswer(stores)),
    notify: plainActivity(stores, createNotify(stores)),
    alert: plainActivity(stores, createAlert(stores)),
    finish: plainActivity(stores, createFinish(stores)),
    'trigger.look': plainActivity(stores, createLook(stores)),
    'trigger.hand-over': plainActivity(stores, createHandOver(stores)),
    gc: plainActivity(stores, createGc(stores)),
    'backfill.next': plainActivity(stores, createBackfillNext(stores)),
    'backfill.state': plainActivity(stores, createBackfillState(stores)),
  }),
  read: (stores) => ({
    explain: plainActivity(stores, createExplain(stores)),
    ...mapped(stores, 'inspect', createInspect(stores)),
    'report-inspection': activity(stores, 'once', createInspectionReport(stores)),
    ...mapped(stores, 'read', createRead(stores)),
  }),
  chunk: (stores) => mapped(stores, 'chunk', createChunk(stores)),
  features: (stores) => mapped(stores, 'features', createFeatures(stores)),
  fit: (stores) => ({
    holdout: activity(stores, 'once', createHoldout(stores)),
    fit: activity(stores, 'once', createFit(stores)),
  }),
  transform: (stores) => ({ transform: activity(stores, 'once', createTransform(stores)) }),
  train: (stores) => ({ train: activity(stores, 'once', createTrain(stores)) }),
  evaluate: (stores) => ({
    evaluate: activity(stores, 'once', createEvaluate(stores)),
    compare: activity(stores, 'once', createCompare(stores)),
  }),
  predict: (stores) => ({ predict: activity(stores, 'once', createPredict(stores)) }),
  publish: (stores) => ({
    'publish-model': activity(stores, 'once', createPublishModel(stores)),
    'publish-predictions': activity(stores, 'once', createPublishPredictions(stores)),
    'publish-table': activity(stores, 'once', createPublishTable(stores)),
  }),
  report: (stores) => ({
    'report-training': activity(stores, 'once', createTrainingReport(stores)),
    'report-prediction': activity(stores, 'once', createPredictionReport(stores)),
    'report-table': activity(stores, 'once', createTableReport(stores)),
  }),
  own: (stores) => Object.assign({}, ...stores.pipelines.ownSteps.map((step) => ownActivities(stores, step))),
};

/** What a step of a project does, made of what it declares. */
function ownActivities(
  stores: Stores,
  { activity: name, work }: Pick<OwnStep<never, unknown>, 'activity' | 'work'>,
): Activities {
  if ('of' in work) return mapped(stores, name, createChunkStep(stores, name, work));
  return { [name]: activity(stores, 'once', createOnceStep(stores, name, work)) };
}

function mapped<I, O>(stores: Stores, name: string, { plan, batch, gather }: MappedActivities<I, O>): Activities {
  return {
    [`${name}.plan`]: activity(stores, 'plan', plan),
    [name]: activity(stores, 'batch', batch),
    [`${name}.gather`]: activity(stores, 'gather', gather),
  };
}
