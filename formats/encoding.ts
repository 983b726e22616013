export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export interface EncodingGuess {
  encoding: Encoding;
  /** Bytes of the mark at the beginning that says how the text is encoded. */
  markBytes: number;
  why: string;
}

const MARKS: [Encoding, number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** In UTF-16, about every second byte of text in Latin letters and digits is zero. */
const ZERO_SHARE = 0.3;

/**
 * How a text is encoded, by its first bytes: by its mark, by the zeros of UTF-16, as UTF-8 when it is valid, else as
 * Windows-1252, of which Latin-1 is a part. Null: it is no text.
 */
export function guessEncoding(start: Uint8Array): EncodingGuess | null {
  for (const [encoding, mark] of MARKS)
    if (mark.every((byte, at) => start[at] === byte))
      return { encoding, markBytes: mark.length, why: 'a mark at its beginning says so' };
  const zeros = [0, 0];
  start.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2]!++;
  });
  const half = start.length / 2;
  const [even, odd] = zeros as [number, number];
  if (even + odd > 0) {
    const why = 'every second byte is zero';
    if (odd > ZERO_SHARE * half && even < odd / 10) return { encoding: 'utf-16le', markBytes: 0, why };
    if (even > ZERO_SHARE * half && odd < even / 10) return { encoding: 'utf-16be', markBytes: 0, why };
    return null;
  }
  if (isUtf8(start)) return { encoding: 'utf-8', markBytes: 0, why: 'it is valid UTF-8' };
  return { encoding: 'windows-1252', markBytes: 0, why: 'it is no valid UTF-8' };
}

/** The last character may have been cut. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
