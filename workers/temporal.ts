import { NativeConnection, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Schedules } from '../activities/context.js';
import { MillraceError } from '../config/errors.js';
import type { Settings } from '../config/settings.js';
import { temporalLogger } from './logging.js';

/**
 * How far back the time before a firing is looked for, in minutes: growing, as the server gives the times of a span from
 * its beginning, and the last is wanted.
 */
const LOOK_BACK_MINUTES = [1, 60, 480, 1440, 4320, 14_400, 144_000, 5_000_000];

/**
 * Connects to Temporal, once per process.
 * @param metricsPort where Temporal's own metrics are served on loopback
 * @throws MillraceError MR_SERVICE
 */
export async function connectTemporal(
  settings: Settings,
  log: Logger,
  metricsPort: number | null,
): Promise<NativeConnection> {
  Runtime.install({
    logger: temporalLogger(log),
    shutdownSignals: [],
    ...(metricsPort !== null && {
      telemetryOptions: { metrics: { prometheus: { bindAddress: `127.0.0.1:${metricsPort}` } } },
    }),
  });
  const { namespace: _, ...options } = settings.temporal;
  return NativeConnection.connect(options).catch((cause: unknown) => {
    throw new MillraceError(
      'MR_SERVICE',
      `Temporal at ${options.address} cannot be reached: ${(cause as Error).message}`,
      { next: 'check TEMPORAL_ADDRESS, and TEMPORAL_TLS and TEMPORAL_API_KEY where it wants them' },
      { cause },
    );
  });
}

/** What steps may ask of Temporal's schedules. */
export function temporalSchedules(
  { workflowService }: Pick<NativeConnection, 'workflowService'>,
  namespace: string,
): Schedules {
  return {
    async timeBefore(schedule, at) {
      for (const minutes of LOOK_BACK_MINUTES) {
        const last = await lastTime(schedule, at.getTime() - minutes * 60_000, at.getTime() - 1);
        if (last !== null) return new Date(last);
      }
      return null;
    },
  };

  /** The last time of a schedule in a span, in ms since 1970. The server gives some at once, the first of them. */
  async function lastTime(scheduleId: string, from: number, to: number): Promise<number | null> {
    let last: number | null = null;
    while (from <= to) {
      const { startTime } = await workflowService.listScheduleMatchingTimes({
        namespace,
        scheduleId,
        startTime: timestamp(from),
        endTime: timestamp(to),
      });
      const newest = startTime.at(-1);
      if (newest === undefined) return last;
      last = Number(newest.seconds) * 1000 + (newest.nanos ?? 0) / 1e6;
      from = last + 1;
    }
    return last;
  }
}

function timestamp(ms: number) {
  return { seconds: Math.floor(ms / 1000) as never, nanos: (ms % 1000) * 1e6 };
}
