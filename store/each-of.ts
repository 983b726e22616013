/** Look-ups in the store that are under way at once: what takes milliseconds on a disk takes tens of them on S3. */
export const LOOKUPS_AT_ONCE = 32;

/** Works on all items, a few at a time; results stand in the order of the items. */
export async function eachOf<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  return results;
}
