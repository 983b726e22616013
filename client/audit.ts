import { Audit, type AuditEntry, type RecordedEntry } from '../store/tables/audit.js';
import type { Millrace } from './millrace.js';

export type { AuditEntry };

/** A change that somebody asked for over REST. */
export interface AuditLine extends Omit<RecordedEntry, 'at'> {
  at: string;
}

/** Who changed what over REST, the newest first. */
export async function readAudit({ database }: Millrace, limit: number, before?: number): Promise<AuditLine[]> {
  return (await new Audit(database).list(limit, before)).map(({ at, ...rest }) => ({ ...rest, at: at.toISOString() }));
}

export const writeAudit = ({ database }: Millrace, entry: AuditEntry): Promise<void> =>
  new Audit(database).write(entry);
