import { mkdir } from 'node:fs/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { quote } from './sql.js';

export interface DuckSettings {
  /** Memory DuckDB may use before it spills to `scratch`, in MiB. */
  memoryMiB: number;
  threads: number;
  /** Folder to spill to. */
  scratch: string;
}

/** The one DuckDB of a process: it reads, sorts and stores. Numbers that matter are summed by our own loops. */
export class Duck {
  #instance: Promise<DuckDBInstance> | undefined;

  constructor(private readonly settings: DuckSettings) {}

  /**
   * Runs `work` on a connection of its own, in time zone `tz`. Aborting the signal interrupts the query.
   */
  async session<T>(
    options: { tz: string; signal: AbortSignal | undefined },
    work: (duck: DuckSession) => Promise<T>,
  ): Promise<T> {
    // Aborted between two queries: nobody would be told to stop.
    options.signal?.throwIfAborted();
    this.#instance ??= this.#open();
    const connection = await (await this.#instance).connect();
    const interrupt = () => connection.interrupt();
    options.signal?.addEventListener('abort', interrupt, { once: true });
    try {
      await connection.run(`SET TimeZone = ${quote(options.tz)}`);
      return await work(new DuckSession(connection));
    } catch (error) {
      options.signal?.throwIfAborted();
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', interrupt);
      connection.closeSync();
    }
  }

  async #open(): Promise<DuckDBInstance> {
    await mkdir(this.settings.scratch, { recursive: true });
    return DuckDBInstance.create(':memory:', {
      threads: String(this.settings.threads),
      memory_limit: `${this.settings.memoryMiB}MiB`,
      temp_directory: this.settings.scratch,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      // Each file is read once or twice, and kept by the system: a copy of ours would only take memory.
      enable_external_file_cache: 'false',
      // One writer per day would otherwise open and close files over and over on sources of many days.
      partitioned_write_max_open_files: '500',
    });
  }
}

/** So often a long query is asked how far it is. */
const LOOK_MS = 500;

/** A column of one block of a streamed result: numbers as they lie in memory, for the life of the block. */
export type Block = readonly Float64Array[];

export class DuckSession {
  constructor(private readonly connection: DuckDBConnection) {}

  /** @param onShare is told now and then which part of the work is done, 0 to 1, where DuckDB can say so */
  async run(sql: string, onShare?: (share: number) => void): Promise<void> {
    if (onShare === undefined) {
      await this.connection.run(sql);
      return;
    }
    // Only then it counts what it has done; printing is another setting.
    await this.connection.run('SET enable_progress_bar = true; SET enable_progress_bar_print = false');
    const timer = setInterval(() => {
      const { percentage } = this.connection.progress;
      if (percentage >= 0) onShare(percentage / 100);
    }, LOOK_MS);
    try {
      await this.connection.run(sql);
    } finally {
      clearInterval(timer);
    }
  }

  /** All rows of a small result, as objects of JSON-like values. */
  async rows<T>(sql: string): Promise<T[]> {
    const reader = await this.connection.runAndReadAll(sql);
    return reader.getRowObjectsJS() as T[];
  }

  /**
   * Streams a result whose columns are all DOUBLE and never null, in order, some thousand rows at a time. The arrays
   * are views of DuckDB's memory: copy what must outlive the block.
   */
  async *blocks(sql: string): AsyncGenerator<Block> {
    const result = await this.connection.stream(sql);
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      yield Array.from({ length: chunk.columnCount }, (_, column) => doubles(chunk.getColumnVector(column)));
    }
  }
}

function doubles(vector: object): Float64Array {
  if ('items' in vector && vector.items instanceof Float64Array) return vector.items;
  throw new Error('a streamed column is not DOUBLE');
}
