const PIECE = /\{(\w{1,40})\}|\*/g;

/**
 * What is wrong with a pattern of paths; null: nothing. In it `{name}` stands for what is kept of a part of the path,
 * `*` for any of a part, `**` for any number of parts.
 */
export function wrongWith(pattern: string): string | null {
  const names = [...pattern.matchAll(/\{(\w{1,40})\}/g)].map(([, name]) => name!);
  if (names.length === 0) return 'name a part of the path in braces, as in {site}/*';
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `{${twice}} stands in it twice`;
  if (/[{}]/.test(pattern.replaceAll(PIECE, ''))) return 'a brace is left over; names are of letters, digits and _';
  const parts = pattern.split('/');
  if (parts.includes('')) return 'a part of the path is empty: it begins below the source, without /';
  if (parts.some((part) => part.includes('**') && part !== '**')) return '** stands for whole parts of a path';
  if (/\}\{/.test(pattern)) return 'nothing parts two names from each other';
  return null;
}

/** What a path has in the places that a pattern names, in their order; null: it does not fit. */
export function partsNamed(pattern: string, path: string): string[] | null {
  const pieces = piecesOf(pattern);
  const text = `${path}/`;
  // What did not fit once fits no better when one comes there by another way: without this, it takes for ever.
  const dead = new Set<number>();
  const walk = (nth: number, from: number): string[] | null => {
    const piece = pieces[nth];
    if (piece === undefined) return from === text.length ? [] : null;
    const place = nth * (text.length + 1) + from;
    if (dead.has(place)) return null;
    for (const to of endsOf(piece, text, from)) {
      const rest = walk(nth + 1, to);
      if (rest !== null) return piece === NAME ? [text.slice(from, to), ...rest] : rest;
    }
    dead.add(place);
    return null;
  };
  return walk(0, 0);
}

const NAME = Symbol('name');
const ANY = Symbol('*');
const PARTS = Symbol('**');
type Piece = string | typeof NAME | typeof ANY | typeof PARTS;

function piecesOf(pattern: string): Piece[] {
  return pattern.split('/').flatMap((part): Piece[] => {
    if (part === '**') return [PARTS];
    const pieces: Piece[] = [];
    let at = 0;
    for (const found of part.matchAll(PIECE)) {
      pieces.push(part.slice(at, found.index), found[1] === undefined ? ANY : NAME);
      at = found.index + found[0].length;
    }
    return [...pieces, `${part.slice(at)}/`];
  });
}

/** Where a piece that begins somewhere may end, the nearest first. */
function* endsOf(piece: Piece, text: string, from: number): Generator<number> {
  if (typeof piece === 'string') {
    if (text.startsWith(piece, from)) yield from + piece.length;
    return;
  }
  if (piece === PARTS) {
    for (let to = from; to >= from && to <= text.length; to = text.indexOf('/', to) + 1 || -1) yield to;
    return;
  }
  const end = text.indexOf('/', from);
  for (let to = piece === NAME ? from + 1 : from; to <= end; to++) yield to;
}
