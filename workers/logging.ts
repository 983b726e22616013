import type { LogLevel, Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from 'pino';

/** Temporal's own log lines in our format; its chatter about healthy polling stays out. */
export function temporalLogger(log: Logger): TemporalLogger {
  const own = log.child({ from: 'temporal' });
  const write = (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: object) =>
    own[level](meta ?? {}, message);
  const methods = {
    trace: write('trace'),
    debug: write('trace'),
    info: write('debug'),
    warn: write('warn'),
    error: write('error'),
  };
  const byLevel: Record<LogLevel, (message: string, meta?: object) => void> = {
    TRACE: methods.trace,
    DEBUG: methods.debug,
    INFO: methods.info,
    WARN: methods.warn,
    ERROR: methods.error,
  };
  return { ...methods, log: (level, message, meta) => byLevel[level](message, meta) };
}
