/** A text as a SQL literal. A NUL in a query would be its end: a text that has one is put together. */
export function quote(text: string): string {
  const literals = text.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`);
  return literals.length === 1 ? literals[0]! : `(${literals.join(' || chr(0) || ')})`;
}

/** A name as a SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
