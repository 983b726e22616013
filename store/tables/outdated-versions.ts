export interface VersionName {
  model: string;
  version: number;
}

/** What there is to know of versions to tell which are needed. */
export interface VersionFacts {
  versions: readonly (VersionName & { parent: number | null })[];
  champions: readonly { name: string; champion: number | null }[];
  /** Who became champion, the oldest first. */
  history: readonly VersionName[];
  /** What runs that go on are pinned to. */
  pins: readonly unknown[];
}

/**
 * Versions beyond the newest of their model that nothing needs. Needed is a champion, the one that a rollback leads to,
 * what a run that goes on is pinned to, and whatever one of these was continued from.
 */
export function outdatedVersions(facts: VersionFacts, newest: number): { go: VersionName[]; needed: number } {
  const byName = new Map(facts.versions.map((each) => [nameOf(each), each]));
  const needed = new Set<string>();
  const need = (model: string, version: number | null) => {
    for (let next = version; next !== null; ) {
      const name = nameOf({ model, version: next });
      if (needed.has(name)) return;
      needed.add(name);
      next = byName.get(name)?.parent ?? null;
    }
  };
  for (const { name, champion } of facts.champions) {
    need(name, champion);
    const was = facts.history.filter(({ model }) => model === name).map(({ version }) => version);
    need(name, champion === null ? null : (was[was.indexOf(champion) - 1] ?? null));
  }
  for (const { model, version } of facts.pins.flatMap(pinned)) need(model, version);
  const old = oldOf(facts.versions, newest);
  const go = old.filter((each) => !needed.has(nameOf(each)));
  return { go: go.map(({ model, version }) => ({ model, version })), needed: old.length - go.length };
}

const nameOf = ({ model, version }: VersionName) => `${model}@${version}`;

/** All but the newest of each model. */
function oldOf(versions: readonly VersionName[], newest: number): VersionName[] {
  const seen = new Map<string, number>();
  return [...versions]
    .sort((a, b) => b.version - a.version)
    .filter(({ model }) => {
      const n = (seen.get(model) ?? 0) + 1;
      seen.set(model, n);
      return n > newest;
    });
}

/** The versions that a run is pinned to: its parent, the champion it is compared with, or what it predicts with. */
function pinned(pins: unknown): VersionName[] {
  if (typeof pins !== 'object' || pins === null) return [];
  return Object.values(pins).flatMap((pin: unknown) => {
    if (typeof pin !== 'object' || pin === null || !('model' in pin) || !('version' in pin)) return [];
    const { model, version } = pin;
    return typeof model === 'string' && typeof version === 'number' ? [{ model, version }] : [];
  });
}
