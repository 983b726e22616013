import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { CFB, utils, write } from '@e965/xlsx';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import { archiveFault } from '../../activities/archive-check.js';
import { listSheets, sheetToCsv } from '../../activities/source-workbook.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-workbook-'));
  path = join(folder, 'data.xlsx');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Sheet {
  name: string;
  /** What lies between <sheetData> and its end. */
  rows?: string;
  /** What comes after it. */
  more?: string;
  state?: 'hidden' | 'veryHidden';
  /** It holds nothing but a chart. */
  chart?: boolean;
}

interface Book {
  sheets: Sheet[];
  /** Number formats by which cells are shown: `s="1"` is the first. */
  formats?: (string | number)[];
  shared?: string[];
  since1904?: boolean;
  more?: Record<string, string | Buffer>;
  change?: (bytes: Buffer) => Buffer;
}

const XMLNS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** A workbook as spreadsheet programs write it. */
async function make({ sheets, formats = [], shared = [], since1904 = false, more = {}, change }: Book): Promise<void> {
  const zip = new ZipFile();
  const part = (name: string, type: string) =>
    `<Override PartName="/xl/${name}.xml" ContentType="${TYPE}.${type}+xml"/>`;
  const relation = (id: number, type: string, target: string) =>
    `<Relationship Id="rId${id}" Type="${OFFICE}/${type}" Target="${target}.xml"/>`;
  const file = (name: string, content: string | Buffer) =>
    zip.addBuffer(Buffer.from(typeof content === 'string' ? `<?xml version="1.0"?>\n${content}` : content), name);
  file(
    '[Content_Types].xml',
    `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
     ${part('workbook', 'sheet.main')}${part('styles', 'styles')}${part('sharedStrings', 'sharedStrings')}
     ${sheets.map(({ chart }, at) => part(`worksheets/sheet${at + 1}`, chart ? 'chartsheet' : 'worksheet')).join('')}</Types>`,
  );
  file(
    'xl/workbook.xml',
    `<workbook ${XMLNS} xmlns:r="${OFFICE}"><workbookPr${since1904 ? ' date1904="1"' : ''}/><sheets>${sheets
      .map(({ name, state }, at) => {
        const hidden = state ? ` state="${state}"` : '';
        return `<sheet name="${escaped(name)}" sheetId="${at + 1}"${hidden} r:id="rId${at + 1}"/>`;
      })
      .join('')}</sheets></workbook>`,
  );
  file(
    'xl/_rels/workbook.xml.rels',
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
     ${sheets.map(({ chart }, at) => relation(at + 1, chart ? 'chartsheet' : 'worksheet', `worksheets/sheet${at + 1}`)).join('')}
     ${relation(98, 'styles', 'styles')}${relation(99, 'sharedStrings', 'sharedStrings')}</Relationships>`,
  );
  const ids = formats.map((format, at) => (typeof format === 'number' ? format : 164 + at));
  const own = formats.map((format, at) =>
    typeof format === 'number' ? '' : `<numFmt numFmtId="${164 + at}" formatCode="${escaped(format)}"/>`,
  );
  file(
    'xl/styles.xml',
    `<styleSheet ${XMLNS}><numFmts>${own.join('')}</numFmts><cellXfs>${[0, ...ids]
      .map((id) => `<xf numFmtId="${id}" applyNumberFormat="1"/>`)
      .join('')}</cellXfs></styleSheet>`,
  );
  file('xl/sharedStrings.xml', `<sst ${XMLNS}>${shared.map((text) => `<si>${text}</si>`).join('')}</sst>`);
  for (const [at, { rows = '', more: after = '', chart }] of sheets.entries()) {
    const [tag, data] = chart ? ['chartsheet', ''] : ['worksheet', `<sheetData>${rows}</sheetData>`];
    file(`xl/worksheets/sheet${at + 1}.xml`, `<${tag} ${XMLNS} xmlns:r="${OFFICE}">${data}${after}</${tag}>`);
  }
  for (const [name, content] of Object.entries(more)) file(name, content);
  zip.end();
  const bytes = await buffer(zip.outputStream);
  await writeFile(path, change ? change(bytes) : bytes);
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
/** A row of cells as they are written: what they hold, or with attributes of theirs. */
const row = (number: number, cells: Record<string, string | number>) =>
  `<row r="${number}">${Object.entries(cells)
    .map(([column, cell]) =>
      typeof cell === 'number'
        ? `<c r="${column}${number}"><v>${cell}</v></c>`
        : cell.replace('<c', `<c r="${column}${number}"`),
    )
    .join('')}</row>`;
const words = (text: string) => `<c t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`;
/** A number shown by the n-th format. */
const shown = (value: number, format = 1) => `<c s="${format}"><v>${value}</v></c>`;

async function csv(sheet: string): Promise<string> {
  const target = join(folder, 'sheet.csv');
  await sheetToCsv(path, sheet, target);
  return readFile(target, 'utf8');
}

/** What becomes of numbers that are shown by a format. */
async function cells(format: string | number, values: number[], since1904 = false): Promise<string[]> {
  const rows = values.map((value, at) => row(at + 1, { A: shown(value), B: 0 })).join('');
  await make({ sheets: [{ name: 'a', rows }], formats: [format], since1904 });
  return (await csv('a'))
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/,0$/, ''));
}

const refused = (words: RegExp, code = 'MR_FILE_UNREADABLE') => ({ code, message: expect.stringMatching(words) });
const MIB = 2 ** 20;
/** An archive whose files of one size claim to have another. */
function claiming(archive: Buffer, bytes: number, claimed: number): Buffer {
  const [from, to] = [bytes, claimed].map((size) => Buffer.from(Uint32Array.of(size).buffer).toString('latin1'));
  return Buffer.from(archive.toString('latin1').replaceAll(from!, to!), 'latin1');
}

const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join('');

describe('the sheets of a workbook', () => {
  it('are those that have cells and are not hidden, in their order', async () => {
    const rows = row(1, { A: 1 });
    await make({
      sheets: [
        { name: 'Werte & "Größen"', rows },
        { name: 'hidden', rows, state: 'hidden' },
        { name: 'very hidden', rows, state: 'veryHidden' },
        { name: 'empty' },
        { name: 'formatted', rows: '<row r="1"><c r="A1" s="0"/></row>' },
        { name: 'no text', rows: row(1, { A: words('') }) },
        { name: 'far below', rows: row(5000, { C: 1 }) },
        { name: 'Another', rows },
      ],
    });
    expect(await listSheets(path)).toEqual(['Werte & "Größen"', 'far below', 'Another']);
    expect(await csv('Werte & "Größen"')).toBe('1\n');
  });

  it('are not those of nothing but a chart', async () => {
    const relations = (type: string, target: string) =>
      `<Relationships><Relationship Id="rId1" Type="${OFFICE}/${type}" Target="../${target}.xml"/></Relationships>`;
    await make({
      sheets: [
        { name: 'chart', chart: true, more: '<drawing r:id="rId1"/>' },
        { name: 'a', rows: row(1, { A: 1 }) },
      ],
      more: {
        'xl/worksheets/_rels/sheet1.xml.rels': relations('drawing', 'drawings/drawing1'),
        'xl/drawings/drawing1.xml': '<xdr:wsDr><c:chart r:id="rId1"/></xdr:wsDr>',
        'xl/drawings/_rels/drawing1.xml.rels': relations('chart', 'charts/chart1'),
        'xl/charts/chart1.xml': `<c:chartSpace><c:val><c:numRef><c:f>a!$A$1</c:f><c:numCache><c:formatCode>General</c:formatCode>
          <c:ptCount val="1"/><c:pt idx="0"><c:v>1</c:v></c:pt></c:numCache></c:numRef></c:val></c:chartSpace>`,
      },
    });
    expect(await listSheets(path)).toEqual(['a']);
  });
});

describe('a sheet', () => {
  it('is written as its rows are numbered, every line as wide as the widest', async () => {
    const rows = [
      row(2, { B: 1 }),
      row(3, { A: words(''), B: '<c s="0"/>' }),
      row(6, { A: 2, D: words('x') }),
      row(8, {}),
    ];
    await make({ sheets: [{ name: 'a', rows: rows.join('') }] });
    expect(await csv('a')).toBe(text('', ',1,,', '', '', '', '2,,,x'));
  });

  it('of nothing is an empty file', async () => {
    await make({ sheets: [{ name: 'a' }] });
    expect(await csv('a')).toBe('');
  });

  it('keeps texts as they are', async () => {
    const shared = ['<t>time</t>', '<r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r>'];
    const rows = [
      row(1, { A: '<c t="s"><v>0</v></c>', B: '<c t="s"><v>1</v></c>', C: words(' a, "b" & <c> °C ') }),
      row(2, { A: words('00123'), B: words('2024-03-01'), C: words('a\nb') }),
    ];
    await make({ sheets: [{ name: 'a', rows: rows.join('') }], shared });
    expect(await csv('a')).toBe(text('time,rich text," a, ""b"" & <c> °C "', '00123,2024-03-01,"a\nb"'));
  });

  it('keeps numbers to their last digit, and truth', async () => {
    const numbers = [
      '0.1',
      '0.30000000000000004',
      '1E-7',
      '123456789012345680',
      '-2.5',
      '3.0',
      '1.7976931348623157E308',
    ];
    const rows = numbers
      .map((number, at) => row(at + 1, { A: `<c s="${at % 3}"><v>${number}</v></c>`, B: 1 }))
      .join('');
    const truth = row(8, { A: '<c t="b"><v>1</v></c>', B: '<c t="b"><v>0</v></c>' });
    await make({ sheets: [{ name: 'a', rows: rows + truth }], formats: ['0.0', '[Red]#,##0.00 "days"'] });
    expect(await csv('a')).toBe(
      text(
        ...['0.1,1', '0.30000000000000004,1', '1e-7,1', '123456789012345680,1', '-2.5,1', '3,1'],
        ...['1.7976931348623157e+308,1', 'true,false'],
      ),
    );
  });

  it('keeps errors as their names', async () => {
    const names = ['#N/A', '#REF!', '#DIV/0!', '#VALUE!', '#NAME?', '#NUM!', '#NULL!', '#SPILL!'];
    const rows = names.map((name, at) => row(at + 1, { A: `<c t="e"><v>${name}</v></c>`, B: 1 })).join('');
    await make({ sheets: [{ name: 'a', rows }] });
    const written = (await csv('a')).split('\n').map((line) => line.split(',')[0]);
    expect(written).toEqual([...names.slice(0, -1), '#ERROR!', '']);
  });

  it('has the saved values of formulas, which are not computed, and asks for nothing elsewhere', async () => {
    const rows = row(1, {
      A: '<c><f>1+1</f><v>7</v></c>',
      B: '<c t="str"><f>WEBSERVICE("http://127.0.0.1:9/")</f><v>old</v></c>',
      C: '<c><f>[1]Sheet1!A1</f></c>',
      D: '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>',
      E: '<c s="1"><f>NOW()</f><v>45352.5</v></c>',
    });
    await make({ sheets: [{ name: 'a', rows }], formats: [22] });
    expect(await csv('a')).toBe(text('7,old,,#DIV/0!,2024-03-01 12:00:00'));
  });

  it('leaves merged cells as they are: the first has the value', async () => {
    const rows = row(1, { A: words('merged'), C: 1 }) + row(2, { A: 1, B: 2, C: 3 });
    const more = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>';
    await make({ sheets: [{ name: 'a', rows, more }] });
    expect(await csv('a')).toBe(text('merged,,1', '1,2,3'));
  });

  it('is the same as other programs write it', async () => {
    const book = utils.book_new();
    utils.book_append_sheet(
      book,
      utils.aoa_to_sheet([
        ['time', 'value'],
        [new Date('2024-03-01T06:30:15Z'), 1.5],
      ]),
      'a',
    );
    await writeFile(path, write(book, { type: 'buffer', bookType: 'xlsx', compression: true }));
    expect(await csv('a')).toBe(text('time,value', '2024-03-01 06:30:15,1.5'));
    await writeFile(path, write(book, { type: 'buffer', bookType: 'xlsx', cellDates: true }));
    expect(await csv('a')).toBe(text('time,value', '2024-03-01 06:30:15,1.5'));
  });
});

describe('the dates of a sheet', () => {
  const second = 1 / 86_400;

  it('are whole milliseconds, though days are binary fractions', async () => {
    const at = Date.UTC(2024, 2, 1, 0, 0, 0);
    const [expected, days]: [string[], number[]] = [[], []];
    for (let ms = 0; ms < 86_400_000; ms += 61_001 * 7) {
      days.push(45352 + ms / 86_400_000);
      expected.push(new Date(at + ms).toISOString().slice(0, 23).replace('T', ' ').replace('.000', ''));
    }
    expect(await cells('yyyy-mm-dd hh:mm:ss.000', days)).toEqual(expected);
    expect(await cells('dd/mm/yyyy hh:mm', [45352 + second, 45353 - second / 1e6, 45352 + 59.9999 * second])).toEqual([
      '2024-03-01 00:00:01',
      '2024-03-02 00:00:00',
      '2024-03-01 00:01:00',
    ]);
  });

  it.each<[string | number, string]>([
    [14, '2024-03-01 18:00:00'],
    [17, '2024-03-01 18:00:00'],
    [22, '2024-03-01 18:00:00'],
    [31, '2024-03-01 18:00:00'],
    [57, '2024-03-01 18:00:00'],
    ['[$-409]d-mmm-yy h:mm AM/PM;@', '2024-03-01 18:00:00'],
    ['[Red]dd"."mm"."yyyy', '2024-03-01 18:00:00'],
    ['mmm', '2024-03-01 18:00:00'],
    [20, '2024-03-01 18:00:00'],
    ['hh:mm:ss', '2024-03-01 18:00:00'],
    [46, '1088466:00:00'],
    [0, '45352.75'],
    ['0.00" days"', '45352.75'],
    ['#,##0 \\h', '45352.75'],
    [44, '45352.75'],
    ['@', '45352.75'],
  ])('are those of cells shown as %s: %s', async (format, expected) => {
    expect(await cells(format, [45352.75])).toEqual([expected]);
  });

  it.each([
    ['1900', false, [1, 59, 61, 25569, 45352, 2958465.5], '1900-01-01 1900-02-28 1900-03-01 1970-01-01 2024-03-01'],
    ['1904', true, [0, 1, 24107, 43890], '1904-01-01 1904-01-02 1970-01-01 2024-03-01'],
  ])('count from %s', async (_, since1904, days, expected) => {
    const written = await cells(14, days, since1904);
    const dates = expected.split(' ');
    expect(written).toEqual(since1904 ? dates : [...dates, '9999-12-31 12:00:00']);
  });

  it('are times alone where there is no day', async () => {
    const times = [0, 0.25, 0.5 + 0.5 * second, 1 - 1e-12];
    const expected = ['00:00:00', '06:00:00', '12:00:00.500', '23:59:59.999'];
    for (const format of [20, 'h:mm AM/PM', 'hh:mm:ss.000', 'yyyy-mm-dd hh:mm', 32])
      expect(await cells(format, times)).toEqual(expected);
    expect(await cells('h:mm', [0.25], true)).toEqual(['06:00:00']);
    expect(await cells('yyyy-mm-dd h:mm', [0.25], true)).toEqual(['1904-01-01 06:00:00']);
    expect(await cells('[h]:mm:ss', [0.25, 1.5, 5 + 2 * second])).toEqual(['06:00:00', '36:00:00', '120:00:02']);
  });

  it('are numbers where a workbook shows no date either', async () => {
    expect(await cells(14, [-1.5, 2958466, 1e300])).toEqual(['-1.5', '2958466', '1e+300']);
  });
});

describe('a workbook', () => {
  const rows = row(1, { A: 1 });

  it('that was cut off is refused', async () => {
    await make({ sheets: [{ name: 'a', rows }], change: (bytes) => bytes.subarray(0, bytes.length - 30) });
    await expect(listSheets(path)).rejects.toMatchObject(refused(/data\.xlsx cannot be read/));
    await expect(csv('a')).rejects.toMatchObject(refused(/data\.xlsx cannot be read/));
  });

  it('that was damaged is not read as something else', async () => {
    const large = Array.from({ length: 2000 }, (_, at) => row(at + 1, { A: at * at })).join('');
    await make({ sheets: [{ name: 'a', rows: large }] });
    const whole = await readFile(path);
    const start = whole.indexOf('xl/worksheets/sheet1.xml') + 24;
    for (let at = 0; at < 40; at++) {
      const bytes = Buffer.from(whole);
      bytes[start + 50 + at * 100]! ^= 1 << (at % 8);
      await writeFile(path, bytes);
      await expect(csv('a')).rejects.toMatchObject(refused(/cannot be read as a workbook/));
      await expect(listSheets(path)).rejects.toMatchObject(refused(/cannot be read as a workbook/));
    }
  });

  it('that is an archive of something else is refused', async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from('time,value\n'), 'a.csv');
    zip.end();
    await writeFile(path, await buffer(zip.outputStream));
    await expect(listSheets(path)).rejects.toMatchObject(refused(/cannot be read as a workbook/));
  });

  it('whose texts are gone is refused', async () => {
    await make({ sheets: [{ name: 'a', rows: row(1, { A: '<c t="s"><v>5</v></c>' }) }] });
    await expect(csv('a')).rejects.toMatchObject(refused(/the sheet a is damaged\n.*save/));
  });

  it('that is none, is of the older kind or has a password is refused', async () => {
    await writeFile(path, 'time,value\n2024-03-01,1\n');
    await expect(listSheets(path)).rejects.toMatchObject(refused(/cannot be read/));
    const container = CFB.utils.cfb_new();
    CFB.utils.cfb_add(container, 'EncryptedPackage', Buffer.from('x'));
    await writeFile(path, CFB.write(container, { type: 'buffer' }));
    await expect(listSheets(path)).rejects.toMatchObject(
      refused(/has a password, or is one of the older kind.*\n.*\.xlsx/),
    );
  });

  it('without such a sheet is refused', async () => {
    await make({ sheets: [{ name: 'a', rows }] });
    await expect(csv('b')).rejects.toMatchObject(refused(/there is no sheet b in it/));
  });

  it('with cells where there can be none is refused', async () => {
    await make({ sheets: [{ name: 'a', rows: rows + row(4_000_000_000, { A: 1 }) }] });
    await expect(csv('a')).rejects.toMatchObject(refused(/cells outside of/));
    await make({ sheets: [{ name: 'a', rows: row(1, { ZZZZ: 1 }) }] });
    await expect(csv('a')).rejects.toMatchObject(refused(/cells outside of/));
  });

  it('that would fill the memory is refused before it is unpacked', async () => {
    const more = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`xl/media/${at}.bin`, Buffer.alloc(MIB)]));
    await make({ sheets: [{ name: 'a', rows }], more, change: (bytes) => claiming(bytes, MIB, 64 * MIB) });
    const message = /1,089 MiB unpacked.*\n.*1,024 MiB are allowed\n.*as CSV/;
    await expect(listSheets(path)).rejects.toMatchObject(refused(message, 'MR_SPACE'));
    await expect(csv('a')).rejects.toMatchObject(refused(message, 'MR_SPACE'));
    const change = (bytes: Buffer) => claiming(bytes, MIB, 600 * MIB);
    await make({ sheets: [{ name: 'a', rows }], more: { 'xl/worksheets/sheet9.xml': Buffer.alloc(MIB) }, change });
    await expect(csv('a')).rejects.toMatchObject(refused(/sheet9\.xml in .* 600 MiB.*\n.*512 MiB/, 'MR_SPACE'));
    expect(await readdir(folder)).toEqual(['data.xlsx']);
  });

  it('that says it is smaller than it is, or hides what is large, is refused', async () => {
    const large = Buffer.alloc(MIB);
    const change = (bytes: Buffer) => claiming(bytes, MIB, 100);
    await make({ sheets: [{ name: 'a', rows }], more: { 'xl/media/a.bin': large }, change });
    await expect(listSheets(path)).rejects.toMatchObject(refused(/too many bytes/));
    await make({ sheets: [{ name: 'a', rows }], more: { '_rels/.rels': large } });
    expect(await archiveFault(path, MIB)).toBe('too large');
    expect(await archiveFault(path, 2 * MIB)).toBeNull();
  });
});
