import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const MAIN = resolve('dist/cli/main.js');

export interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

/** A work folder of its own, and the command line in it, as users call it. */
export class Workplace {
  private constructor(
    readonly folder: string,
    private readonly env: Record<string, string>,
  ) {}

  /** @param mode 0o711 lets the user Postgres runs as through, where the tests run as root */
  static async create(env: Record<string, string> = {}, mode = 0o711): Promise<Workplace> {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-work-'));
    await chmod(folder, mode);
    return new Workplace(folder, env);
  }

  get home(): string {
    return join(this.folder, '.millrace');
  }

  run(...args: string[]): Promise<Answer> {
    return new Promise((done) => {
      const options = {
        cwd: this.folder,
        env: { ...process.env, NO_COLOR: '1', MILLRACE_HOME: this.home, ...this.env },
        maxBuffer: 1 << 26,
      };
      execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
        done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
      });
    });
  }

  /** Runs a command that prints one JSON document, and fails the test when it does not. */
  async json<T>(...args: string[]): Promise<T> {
    const answer = await this.run(...args, '--json');
    if (answer.code !== 0)
      throw new Error(`millrace ${args.join(' ')} ended with ${answer.code}:\n${answer.stdout}\n${answer.stderr}`);
    return JSON.parse(answer.stdout) as T;
  }

  async close(): Promise<void> {
    await this.run('down');
    const outside = await readFile(join(this.home, 'postgres-location'), 'utf8').catch(() => null);
    if (outside !== null) await rm(outside.trim(), { recursive: true, force: true });
    await rm(this.folder, { recursive: true, force: true });
  }
}
