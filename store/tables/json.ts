/** A value as JSON for Postgres, whose texts hold no NUL. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? inner.replaceAll('\0', '\uFFFD') : inner,
  );
}
