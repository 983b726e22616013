import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PASSWORD_FILE, STATE_FILE } from '../config/settings.js';

/** Where things lie in the work folder. */
export class Home {
  constructor(readonly dir: string) {}

  readonly state = () => join(this.dir, STATE_FILE);
  readonly password = () => join(this.dir, PASSWORD_FILE);
  readonly superuserPassword = () => join(this.dir, 'postgres-superuser-password');
  readonly postgres = () => join(this.dir, 'postgres');
  readonly postgresLocation = () => join(this.dir, 'postgres-location');
  readonly temporal = () => join(this.dir, 'temporal.db');
  readonly lock = () => join(this.dir, 'lock');
  readonly log = (name: string) => join(this.dir, 'logs', `${name}.log`);

  /**
   * Makes the folder; a note in it keeps it out of version control. Others may not look into it; root's may be walked
   * through, as Postgres does not run as root.
   */
  async create(): Promise<void> {
    await mkdir(join(this.dir, 'logs'), { recursive: true });
    await chmod(this.dir, process.getuid?.() === 0 ? 0o711 : 0o700);
    await writeFile(join(this.dir, '.gitignore'), '*\n');
  }
}

/** Writes a file whole or not at all. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  await writeFile(temporary, text, { mode });
  await rename(temporary, path);
}
