import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JsonForm, jsonColumns, jsonForm, jsonToCsv } from '../../activities/source-json.js';
import type { Packing } from '../../activities/source-text.js';

let folder: string;
let path: string;
let target: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-json-'));
  path = join(folder, 'data.json');
  target = join(folder, 'data.csv');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function csv(
  content: string | Uint8Array,
  { form = 'lines', packing = 'none', rows = null }: { form?: JsonForm; packing?: Packing; rows?: number | null } = {},
): Promise<string> {
  await writeFile(path, content);
  const columns = await jsonColumns(path, { ...PLAIN, packing }, form, undefined);
  await jsonToCsv(path, { ...PLAIN, packing }, form, columns, target, { rows, signal: undefined });
  return readFile(target, 'utf8');
}

const PLAIN = { packing: 'none', encoding: 'utf-8' } as const;
const refused = (words: RegExp) => ({ code: 'MR_FILE_UNREADABLE', message: expect.stringMatching(words) });
const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join('');

describe('the form of a file', () => {
  it.each<[string, JsonForm | null]>([
    ['{"a":1}\n{"a":2}\n', 'lines'],
    ['{"a":1}', 'lines'],
    ['{"a":1}\r\nnot JSON\r\n', 'lines'],
    ['\uFEFF\n  {"a":NaN}\n', 'lines'],
    ['[{"a":1},{"a":2}]', 'array'],
    ['\n [\n  {\n    "a": 1\n  }', 'array'],
    ['{"data":[{"a":1},{"a":2}]}\n', 'within'],
    ['{\n  "n": 2,\n  "data": [\n    {"a": 1},', 'within'],
    ['{"time":"2024-03-01T10:00:00Z","level":1.5,"tags":[{"a":1}]}\n', 'lines'],
    ['{"data":[{"a":1},{"a":2}]}\n{"data":[{"a":1},{"a":2}]}\n', 'lines'],
    ['{\n  "a": 1\n}\n', null],
    ['{"a":1', null],
    ['{a:1}\n', null],
    ['[1, 2]', null],
    ['[[1]]', null],
    ['[]', null],
    ['time,value\n{"a":1}\n', null],
    ['"a"\n', null],
    ['', null],
  ])('of %j is %s', (start, form) => {
    expect(jsonForm(start)).toBe(form);
  });
});

describe('objects, one a line,', () => {
  it.each(['utf-16le', 'utf-16be'] as const)('may be in %s', async (encoding) => {
    const bytes = Buffer.from('\uFEFF{"a":1,"é":"ü"}\n{"a":2}\n', 'utf16le');
    await writeFile(path, encoding === 'utf-16be' ? bytes.swap16() : bytes);
    const packed = { ...PLAIN, encoding };
    const columns = await jsonColumns(path, packed, 'lines', undefined);
    expect(columns).toEqual(['a', 'é']);
    await jsonToCsv(path, packed, 'lines', columns, target, { rows: null, signal: undefined });
    expect(await readFile(target, 'utf8')).toBe(text('a,é', '1,ü', '2,'));
  });

  it('have the columns of all, in the order in which they first appear', async () => {
    expect(await csv(text('{"time":1,"b":2}', '{"a":3,"time":4}', '{"c":null}'))).toBe(
      text('time,b,a,c', '1,2,,', '4,,3,', ',,,'),
    );
  });

  it('are flattened with dots, and arrays stay one cell', async () => {
    const written = await csv(
      text('{"device":{"id":1,"at":{"lat":2.5}},"tags":["a, b", {"x": [1]}]}', '{"device":null,"empty":{}}'),
    );
    expect(written).toBe(text('device.id,device.at.lat,tags,device', '1,2.5,"[""a, b"",{""x"":[1]}]",', ',,,'));
  });

  it('keep their values as they are written', async () => {
    const values = [
      ['1704067200123456789', '1704067200123456789'],
      ['-0.12345678901234567890', '-0.12345678901234567890'],
      ['1.10', '1.10'],
      ['1e400', '1e400'],
      ['NaN', 'NaN'],
      ['-Infinity', '-Infinity'],
      ['true', 'true'],
      ['false', 'false'],
      ['null', ''],
      ['""', ''],
      ['"NaN, \\"1704067200123456789\\" {"', 'NaN, "1704067200123456789" {'],
      ['"a\\\\"', 'a\\'],
      ['"\\u00e9\\ud83d\\ude00\\n\\t"', 'é😀\n\t'],
      ['" x "', ' x '],
      ['[1704067200123456789, 1.0]', '[1704067200123456789,1.0]'],
      ['[ ]', '[]'],
    ];
    const written = await csv(text(...values.map(([json], at) => ` { "n" : ${at} , "v" : ${json} } \r`)));
    expect(parse(written)).toEqual([['n', 'v'], ...values.map(([, cell], at) => [String(at), cell])]);
  });

  it('are quoted where a cell would end too early or lose its blanks', async () => {
    expect(await csv(text('{"a,b":"x\\"y","c":"1\\r2"," d":"plain words"}'))).toBe(
      '"a,b",c," d"\n"x""y","1\n2",plain words\n',
    );
  });

  it('are read around blank lines, with a mark at the beginning and without an end of the last line', async () => {
    expect(await csv('\uFEFF{"a":1,"b":"ü"}\r\n\r\n  \n{"a":2,"b":3}')).toBe(text('a,b', '1,ü', '2,3'));
  });

  it.each([
    ['was cut off', '{"a":1,"b":'],
    ['is no object', '[1, 2]'],
    ['is a word', 'null'],
    ['is text, with "quotes"', 'a log, "of" something'],
    ['has two objects', '{"a":1,"b":2} {"a":3,"b":4}'],
    ['has an unknown word', '{"a":nothing,"b":2}'],
  ])('keep their place when one of them %s', async (_, damaged) => {
    const written = await csv(text('{"a":1,"b":2}', damaged, '{"a":3,"b":4}'));
    expect(written).toBe(text('a,b', '1,2', `"${damaged.replaceAll('"', '""')}"`, '3,4'));
    expect(parse(written, { relax_column_count: true })[2]).toEqual([damaged]);
  });

  it('have two columns at least, so that damaged ones stand out', async () => {
    expect(await csv(text('{"a":1}', 'x', '{"a":null}'))).toBe(text('a,column2', '1,', '"x"', ','));
    expect(await csv(text('{"column2":1}'))).toBe(text('column2,column2_2', '1,'));
    expect(await csv(text('{}'))).toBe(text('column1,column2', ','));
  });

  it('may have names that mean something to JavaScript', async () => {
    const written = await csv(text('{"__proto__":{"polluted":1},"constructor":2,"toString":"x"}', '{"a":1}'));
    expect(written).toBe(text('__proto__.polluted,constructor,toString,a', '1,2,x,', ',,,1'));
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });

  it('stay JSON below 32 levels, however deep they are', async () => {
    const nest = (levels: number, inner: string) => '{"k":'.repeat(levels) + inner + '}'.repeat(levels);
    expect(await csv(text(nest(32, '1')))).toBe(text(`${Array(32).fill('k').join('.')},column2`, '1,'));
    const [header, line] = (await csv(text(nest(34, '[ 1, "a b" ]')))).split('\n');
    expect(header).toBe(`${Array(32).fill('k').join('.')},column2`);
    expect(parse(line!)).toEqual([['{"k":{"k":[1,"a b"]}}', '']]);
    const [, deep] = (await csv(text(nest(50_000, '1')))).split('\n');
    expect(parse(deep!)).toEqual([[nest(50_000 - 32, '1'), '']]);
    const arrays = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(await csv(text(`{"a":${arrays},"b":1}`))).toBe(text('a,b', `${arrays},1`));
  });

  it('take the last of two values of one name, as JSON does', async () => {
    expect(await csv(text('{"a":1,"b":2,"a":3}'))).toBe(text('a,b', '3,2'));
  });

  it('are read from a packed file, over the borders of its blocks', async () => {
    const names = Array.from({ length: 60_000 }, (_, at) => `Größe ${'é'.repeat(at % 50)}.`);
    const lines = names.map((name, at) => JSON.stringify({ at, name }));
    const written = await csv(gzipSync(lines.join('\n')), { packing: 'gzip' });
    expect(written.split('\n')).toEqual(['at,name', ...names.map((name, at) => `${at},${name}`), '']);
  });

  it('are as many as wanted', async () => {
    const content = text('{"a":1,"b":1}', 'damaged', '{"a":3,"b":3}');
    expect(await csv(content, { rows: 2 })).toBe(text('a,b', '1,1', '"damaged"'));
    expect(await csv(content, { rows: 0 })).toBe(text('a,b'));
    expect(await csv(content, { rows: 9 })).toBe(text('a,b', '1,1', '"damaged"', '3,3'));
  });

  it('with too many keys are refused', async () => {
    const records = (count: number) => text(...Array.from({ length: count }, (_, at) => `{"at ${at}":1}`));
    await writeFile(path, records(20_001));
    await expect(jsonColumns(path, PLAIN, 'lines', undefined)).rejects.toMatchObject(
      refused(/20,001 keys or more\n.*20,000 keys are allowed\n.*as values/),
    );
    await writeFile(path, records(20_000));
    expect(await jsonColumns(path, PLAIN, 'lines', undefined)).toHaveLength(20_000);
  });

  it('from a packed file that was cut off are refused', async () => {
    const packed = gzipSync(text('{"a":1}', '{"a":2}'));
    await expect(csv(packed.subarray(0, packed.length - 9), { packing: 'gzip' })).rejects.toMatchObject(
      refused(/data\.json cannot be read as JSON: .*\n.*cut off/),
    );
  });

  it('can be left in the middle', async () => {
    await writeFile(path, '{"a":1,"b":1}\n'.repeat(200_000));
    await expect(jsonColumns(path, PLAIN, 'lines', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    const stop = new AbortController();
    const writing = jsonToCsv(path, PLAIN, 'lines', ['a', 'b'], target, { rows: null, signal: stop.signal });
    setImmediate().then(() => stop.abort());
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
    expect((await readFile(target, 'utf8')).split('\n').length).toBeLessThan(200_000);
  });
});

describe('an array of objects', () => {
  const array = (content: string | Uint8Array, packing: Packing = 'none') => csv(content, { form: 'array', packing });

  it.each([
    ['in one line', JSON.stringify],
    ['over many lines', (value: unknown) => JSON.stringify(value, null, 2)],
  ])('%s is read as lines are', async (_, write) => {
    const objects = [
      { a: 1, b: { c: '], [{"x": "\\"}' } },
      { a: 2, d: [1, { e: 2 }] },
    ];
    expect(await array(`\uFEFF ${write(objects)} \n`)).toBe(
      text('a,b.c,d', '1,"], [{""x"": ""\\""}",', '2,,"[1,{""e"":2}]"'),
    );
  });

  it('keeps digits, takes NaN, and may be packed', async () => {
    expect(await array(gzipSync('[{"t":1704067200123456789,"v":NaN}]'), 'gzip')).toBe(
      text('t,v', '1704067200123456789,NaN'),
    );
  });

  it('keeps the place of what is no object', async () => {
    expect(await array('[{"a":1,"b":2}, 5, null, {"a":}, [1, 2], {"a":3,"b":4},]')).toBe(
      text('a,b', '1,2', '"5"', '"null"', '"{""a"":}"', '"[1, 2]"', '3,4'),
    );
  });

  it('can be read in part', async () => {
    expect(await csv('[{"a":1},{"a":2}]', { form: 'array', rows: 1 })).toBe(text('a,column2', '1,'));
  });

  it.each([
    ['was cut off', '[{"a":1},{"a":2'],
    ['was cut off in a string', '[{"a":1},{"a":"x, ]'],
    ['was cut off behind a comma', '[{"a":1},'],
    ['ends more than it began', '[{"a":1}},{"a":2}]'],
    ['goes on after its end', '[{"a":1}] [{"a":2}]'],
  ])('that %s is refused', async (_, content) => {
    await expect(array(content)).rejects.toMatchObject(
      refused(/begins at character [\d,]+ does not end.*\n.*one object a line/),
    );
  });

  it('that is too large for the memory is refused', async () => {
    const huge = gzipSync(Buffer.concat([Buffer.from('[{"a":1}'), Buffer.alloc(257 * 2 ** 20, ' '), Buffer.from(']')]));
    await expect(array(huge, 'gzip')).rejects.toMatchObject(
      refused(/its array is larger .*\n.*256 MiB.*\n.*one object a line/),
    );
    const line = gzipSync(Buffer.alloc(257 * 2 ** 20, 'x'));
    await expect(csv(line, { packing: 'gzip' })).rejects.toMatchObject(refused(/a line of it is larger/));
  });

  it('can be left in the middle', async () => {
    await writeFile(path, JSON.stringify(Array.from({ length: 100_000 }, (_, a) => ({ a, b: 1 }))));
    const stop = new AbortController();
    const reading = jsonColumns(path, PLAIN, 'array', stop.signal);
    setTimeout(() => stop.abort(), 5);
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});
