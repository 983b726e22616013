import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError } from '../../config/errors.js';
import type { Role } from '../../config/roles.js';
import type { Database } from './database.js';

/** To the hour is enough to see which tokens are in use, and spares a write per request. */
const USE_NOTED_EVERY_MS = 3_600_000;
/** How long a look at the table is good for: a revoked token ends this much later. */
const FRESH_MS = 2_000;
/** Guesses share one look in so long, so that they do not keep the database busy. */
const GUESSES_WAIT_MS = 200;

export interface TokenInfo {
  name: string;
  role: Role;
  createdAt: string;
  lastUsedAt: string | null;
}

interface Known {
  name: string;
  role: Role;
  sha256: Buffer;
  lastUsedAt: number;
}

/** Tokens of the REST server and of the metrics. Only their hashes are kept; they are long enough not to be guessed. */
export class Tokens {
  #known: Known[] = [];
  #readAt = 0;
  #reading: Promise<void> | null = null;

  constructor(private readonly database: Database) {}

  /** Makes a token; it is shown this once. @throws MillraceError MR_CALL when the name is taken */
  async create(name: string, role: Role): Promise<string> {
    const token = `mr_${randomBytes(32).toString('base64url')}`;
    const made = await this.database.db
      .insertInto('tokens')
      .values({ name, role, sha256: hashToken(token), last_used_at: null })
      .onConflict((oc) => oc.column('name').doNothing())
      .returning('name')
      .executeTakeFirst();
    if (made !== undefined) return token;
    throw new MillraceError('MR_CALL', `there is a token "${name}" already`, {
      next: `choose another name, or revoke it: millrace tokens revoke ${name}`,
    });
  }

  async list(): Promise<TokenInfo[]> {
    const rows = await this.database.db
      .selectFrom('tokens')
      .select(['name', 'role', 'created_at', 'last_used_at'])
      .orderBy('name')
      .execute();
    return rows.map(({ name, role, created_at, last_used_at }) => ({
      name,
      role,
      createdAt: created_at.toISOString(),
      lastUsedAt: last_used_at?.toISOString() ?? null,
    }));
  }

  /** @throws MillraceError MR_CALL when there is none of that name */
  async revoke(name: string): Promise<void> {
    const gone = await this.database.db.deleteFrom('tokens').where('name', '=', name).returning('name').execute();
    if (gone.length > 0) return;
    const names = (await this.list()).map((each) => each.name);
    throw new MillraceError('MR_CALL', `there is no token "${name}"`, {
      allowed: names.length === 0 ? 'there are none' : `tokens: ${names.join(', ')}`,
    });
  }

  /** Whose token this is, and what it lets do, or null. All hashes are compared, each in constant time. */
  async ownerOf(token: string): Promise<{ name: string; role: Role } | null> {
    const wanted = hashToken(token);
    if (Date.now() - this.#readAt > FRESH_MS) await this.#read(0);
    // It may have been made since.
    else if (this.#find(wanted) === null) await this.#read(GUESSES_WAIT_MS);
    const found = this.#find(wanted);
    if (found === null) return null;
    if (Date.now() - found.lastUsedAt > USE_NOTED_EVERY_MS) {
      found.lastUsedAt = Date.now();
      await this.database.db
        .updateTable('tokens')
        .set({ last_used_at: new Date() })
        .where('name', '=', found.name)
        .execute();
    }
    return { name: found.name, role: found.role };
  }

  #find(wanted: Buffer): Known | null {
    let found: Known | null = null;
    for (const known of this.#known) if (timingSafeEqual(known.sha256, wanted)) found = known;
    return found;
  }

  /** Looks at the table, after a pause: all who ask in it share the look. One that goes on may be too old for them. */
  #read(pauseMs: number): Promise<void> {
    this.#reading ??= (pauseMs > 0 ? sleep(pauseMs) : Promise.resolve()).then(() => {
      this.#reading = null;
      return this.#look();
    });
    return this.#reading;
  }

  async #look(): Promise<void> {
    const rows = await this.database.db
      .selectFrom('tokens')
      .select(['name', 'role', 'sha256', 'last_used_at'])
      .execute();
    this.#known = rows.map(({ name, role, sha256, last_used_at }) => ({
      name,
      role,
      sha256,
      lastUsedAt: last_used_at?.getTime() ?? 0,
    }));
    this.#readAt = Date.now();
  }
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
