import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

/** Names under which a secret could come into a log line. */
const SECRETS = ['password', '*.password', 'connectionString', '*.connectionString', 'databaseUrl', '*.databaseUrl'];

/** One format for all logs: JSON lines, or readable ones on a terminal. Logs go to stderr; stdout is for results. */
export function createLogger(options: { level: string; pretty: boolean }): Logger {
  const settings = { level: options.level, base: null, redact: SECRETS, timestamp: pino.stdTimeFunctions.isoTime };
  if (!options.pretty) return pino(settings, pino.destination({ dest: 2, sync: true }));
  return pino(
    settings,
    pretty({ destination: 2, sync: true, colorize: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' }),
  );
}
