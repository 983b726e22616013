import { type Logger, pino } from 'pino';
import pretty, { prettyFactory } from 'pino-pretty';

/** Names under which a secret could come into a log line. */
const SECRETS = ['password', '*.password', 'connectionString', '*.connectionString', 'databaseUrl', '*.databaseUrl'];

const READABLE = {
  translateTime: 'SYS:HH:MM:ss',
  messageFormat: '{if step}{step} {phase} {end}{msg}',
  ignore: 'pid,hostname,worker,run,step,phase',
  singleLine: true,
} as const;

/** One format for all logs: JSON lines, or readable ones on a terminal. Logs go to stderr; stdout is for results. */
export function createLogger(options: { level: string; pretty: boolean }): Logger {
  const settings = { level: options.level, base: null, redact: SECRETS, timestamp: pino.stdTimeFunctions.isoTime };
  if (!options.pretty) return pino(settings, pino.destination({ dest: 2, sync: true }));
  return pino(settings, pretty({ ...READABLE, destination: 2, sync: true, colorize: true }));
}

/** Makes lines for people of the lines of a log file. */
export function readableLog(color: boolean): (line: string) => string {
  const format = prettyFactory({ ...READABLE, colorize: color });
  return (line) => format(line) ?? '';
}
