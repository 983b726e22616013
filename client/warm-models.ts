import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { ClusterModel } from '../activities/model.js';
import type { FeatureCreator } from '../ml/features/creator.js';
import { readJson } from '../store/frames.js';
import type { ObjectStore } from '../store/objects/object-store.js';
import { CHAMPION_CHANNEL, ModelRegistry } from '../store/tables/model-registry.js';
import type { Millrace } from './millrace.js';
import { Predictor } from './predictor.js';

/** Versions that were asked for by number and are kept in memory; champions are kept always. */
const MAX_VERSIONS = 32;
/** A promotion is heard of at once; should the word be lost, it is seen this much later. */
const RECHECK_MS = 5_000;
const RECONNECT_MS = 1_000;

/**
 * Models held in memory to predict with. Another champion is loaded as soon as it is promoted, and until it is there
 * the one before answers.
 */
export class WarmModels {
  readonly #registry: ModelRegistry;
  readonly #champions = new Map<string, Predictor>();
  /** Which look at the registry the champion in memory comes from: looks are counted, and may end out of order. */
  readonly #looks = new Map<string, number>();
  #look = 0;
  readonly #versions = new Map<string, Promise<Predictor>>();
  readonly #stop = new AbortController();
  #listener: pg.Client | undefined;
  #watching: Promise<unknown> | undefined;

  private constructor(
    private readonly millrace: Millrace,
    private readonly objects: ObjectStore,
    private readonly onTrouble: (error: Error) => void,
  ) {
    this.#registry = new ModelRegistry(millrace.database);
  }

  /** @param onTrouble told what went wrong in the background; what is in memory goes on answering */
  static async open(millrace: Millrace, onTrouble: (error: Error) => void): Promise<WarmModels> {
    const warm = new WarmModels(millrace, await millrace.objects(), onTrouble);
    warm.#watching = Promise.all([warm.#listen(), warm.#recheck()]);
    return warm;
  }

  /** The champion of a model, or the version named. @throws MillraceError MR_MODEL_MISSING */
  async get(model: string, version: number | null): Promise<Predictor> {
    if (version === null) return this.#champions.get(model) ?? (await this.#refresh(model));
    const champion = this.#champions.get(model);
    return champion?.version === version ? champion : this.#version(model, version);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#listener?.end().catch(() => undefined);
    await this.#watching;
  }

  /** Loads a version, once however many ask for it at the same time. */
  #version(model: string, version: number): Promise<Predictor> {
    const key = `${model}@${version}`;
    const loading = this.#versions.get(key) ?? this.#load(model, version);
    this.#versions.delete(key);
    this.#versions.set(key, loading);
    loading.catch(() => this.#versions.delete(key));
    const oldest = this.#versions.keys().next().value;
    if (this.#versions.size > MAX_VERSIONS && oldest !== undefined) this.#versions.delete(oldest);
    return loading;
  }

  async #refresh(model: string): Promise<Predictor> {
    const look = ++this.#look;
    const found = await this.#registry.find(model, null);
    if (found === null) throw await this.#registry.missing(model, null);
    const predictor = await this.#version(model, found.version);
    if (look < (this.#looks.get(model) ?? 0)) return predictor;
    this.#looks.set(model, look);
    this.#champions.set(model, predictor);
    return predictor;
  }

  async #load(model: string, version: number): Promise<Predictor> {
    const found = await this.#registry.find(model, version);
    if (found === null) throw await this.#registry.missing(model, version);
    const [clusters, creator] = await Promise.all([
      readJson<ClusterModel>(this.objects, found.artefact),
      readJson<FeatureCreator>(this.objects, found.creator),
    ]);
    return new Predictor(model, version, clusters, creator);
  }

  /** Waits for word from Postgres, on a connection of its own that is made anew when it breaks. */
  async #listen(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const client = new pg.Client({ ...this.millrace.settings.database, application_name: 'millrace models' });
      const broken = new Promise<void>((resolve) => {
        client.on('error', () => resolve());
        client.on('end', () => resolve());
      });
      client.on('notification', ({ payload }) => {
        if (payload !== undefined && this.#champions.has(payload)) this.#refresh(payload).catch(this.onTrouble);
      });
      this.#listener = client;
      try {
        await client.connect();
        await client.query(`LISTEN ${CHAMPION_CHANNEL}`);
        await broken;
      } catch (error) {
        if (!this.#stop.signal.aborted) this.onTrouble(error as Error);
      }
      await client.end().catch(() => undefined);
      await this.#pause(RECONNECT_MS);
    }
  }

  async #recheck(): Promise<void> {
    for (;;) {
      await this.#pause(RECHECK_MS);
      if (this.#stop.signal.aborted) return;
      for (const model of this.#champions.keys()) await this.#refresh(model).catch(this.onTrouble);
    }
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
