/** Objects within objects become columns of their own as deep as this; what lies deeper stays JSON. */
const MAX_LEVELS = 32;
const [TAB, LINE_FEED, RETURN, SPACE, BACKSLASH] = [9, 10, 13, 32, 92];
/** Numbers that JSON does not have, and that Python writes all the same. Strings are matched to be passed over. */
const NO_NUMBER = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** Whether a text is an object in JSON, or would be without its NaN. */
export function isJsonObject(text: string): boolean {
  if (!text.trimStart().startsWith('{')) return false;
  return parses(text) || (/NaN|Infinity/.test(text) && parses(withoutNaN(text)));
}

/**
 * Calls `cell` with the name and the text of every value of an object. Objects in it are flattened with dots, arrays
 * are one value. The text is that of the file, digit for digit: as numbers of JavaScript, long ones would be rounded.
 * @param text of which `isJsonObject` holds
 */
export function eachJsonCell(text: string, cell: (name: string, value: string | null) => void): void {
  let at = 0;

  function blanks(): void {
    while (isBlank(text.charCodeAt(at))) at++;
  }

  function string(): string {
    const start = at;
    at = stringEnd(text, start);
    const inner = text.slice(start + 1, at - 1);
    if (!inner.includes('\\')) return inner;
    const parsed: string = JSON.parse(text.slice(start, at));
    return parsed;
  }

  function object(prefix: string, level: number): void {
    at++;
    for (blanks(); text[at] !== '}'; blanks()) {
      if (text[at] === ',') {
        at++;
        blanks();
      }
      const name = prefix + string();
      blanks();
      at++;
      blanks();
      value(name, level);
    }
    at++;
  }

  function value(name: string, level: number): void {
    const first = text[at];
    if (first === '{' && level < MAX_LEVELS) object(`${name}.`, level + 1);
    else if (first === '{' || first === '[') cell(name, nested());
    else if (first === '"') cell(name, string());
    else {
      const start = at;
      while (!',]}'.includes(text.charAt(at)) && !isBlank(text.charCodeAt(at))) at++;
      const word = text.slice(start, at);
      cell(name, word === 'null' ? null : word);
    }
  }

  /** An array or object as it stands, without the blanks between its parts. */
  function nested(): string {
    let kept = '';
    let start = at;
    for (let depth = 0; ; ) {
      const code = text.charCodeAt(at);
      if (isBlank(code)) {
        kept += text.slice(start, at);
        blanks();
        start = at;
        continue;
      }
      const char = text[at];
      at = char === '"' ? stringEnd(text, at) : at + 1;
      if (char === '{' || char === '[') depth++;
      if ((char === '}' || char === ']') && --depth === 0) return kept + text.slice(start, at);
    }
  }

  blanks();
  object('', 1);
}

/** Where a string ends that begins at `start`, or -1 where it does not. */
export function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((end - before) % 2 === 1) return end + 1;
  }
  return -1;
}

const isBlank = (code: number) => code === SPACE || code === LINE_FEED || code === RETURN || code === TAB;

const withoutNaN = (text: string) => text.replaceAll(NO_NUMBER, (found) => (found.startsWith('"') ? found : '0'));

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
