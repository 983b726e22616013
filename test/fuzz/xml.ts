import type { Dice } from './dice.js';
import type { Mutation } from './mutate.js';

/** Changes some of what matches. */
function some(text: string, dice: Dice, what: RegExp, put: (found: string) => string): string {
  const found = [...text.matchAll(what)];
  if (found.length === 0) return text;
  const chosen = new Set(Array.from({ length: dice.between(1, 6) }, () => dice.below(found.length)));
  let n = 0;
  return text.replaceAll(what, (each) => (chosen.has(n++) ? put(each) : each));
}

const NUMBERS = [
  '0',
  '-1',
  '1',
  '2',
  '60',
  '41510.5',
  '2958466',
  '1e300',
  '-5',
  'NaN',
  '',
  'x',
  '99999999999',
  '4294967296',
  '0.1',
  '1048577',
];
const PLACES = [
  'A1',
  'XFD1048576',
  'A1048577',
  'XFE1',
  'ZZZZ1',
  'A0',
  'A',
  '1',
  '',
  'a1',
  'A-1',
  'A99999999999',
  '$A$1',
  'B2:C3',
  'IV65536',
];
const RANGES = [
  'A1',
  'A1:XFD1048576',
  'A1:A1048576',
  'A1:',
  ':',
  'B2:A1',
  'A1:C3:D4',
  'R1C1',
  'A0:A0',
  'A1:ZZZZ99999999',
];

/** What may be wrong in the parts of workbooks. */
export const XMLS: Mutation<string>[] = [
  {
    name: 'xml: values',
    make: (text, dice) =>
      some(text, dice, /(?<=<v>)[^<]*/g, () =>
        dice.pick([...NUMBERS, '2024-01-01T00:00:00Z', 'a&b', '&lt;', '&#0;', '&bogus;', '#REF!', ' ']),
      ),
  },
  {
    name: 'xml: places of cells',
    make: (text, dice) => some(text, dice, /(?<=<c r=")[^"]*/g, () => dice.pick(PLACES)),
  },
  {
    name: 'xml: numbers of rows',
    make: (text, dice) => some(text, dice, /(?<=<row r=")[^"]*/g, () => dice.pick([...NUMBERS, '1048576', '500000'])),
  },
  {
    name: 'xml: types of cells',
    make: (text, dice) =>
      some(text, dice, /(?<= t=")[^"]*/g, () => dice.pick(['n', 's', 'str', 'b', 'e', 'd', 'inlineStr', 'x', '', 'z'])),
  },
  { name: 'xml: styles of cells', make: (text, dice) => some(text, dice, /(?<= s=")[^"]*/g, () => dice.pick(NUMBERS)) },
  { name: 'xml: range', make: (text, dice) => some(text, dice, /(?<=ref=")[^"]*/g, () => dice.pick(RANGES)) },
  {
    name: 'xml: attributes',
    make: (text, dice) =>
      some(text, dice, /(?<==")[^"]*(?=")/g, (found) =>
        dice.pick([
          ...NUMBERS,
          `${found}${found}`,
          'x'.repeat(5000),
          '&',
          '../../a',
          'true',
          'false',
          found.toUpperCase(),
        ]),
      ),
  },
  {
    name: 'xml: tags',
    make: (text, dice) =>
      some(text, dice, /<[^>]*>/g, (found) =>
        dice.pick([
          '',
          '',
          found + found,
          '<x>',
          '</x>',
          '<',
          '>',
          '<!--',
          '<![CDATA[',
          '<!DOCTYPE a [<!ENTITY b "c">]>',
          '<?xml?>',
          found.replace('>', '/>'),
          found.replace('<', '<y:'),
        ]),
      ),
  },
  {
    name: 'xml: formats of numbers',
    make: (text, dice) =>
      some(text, dice, /(?<=(formatCode|numFmtId)=")[^"]*/g, () =>
        dice.pick([
          'yyyy-mm-dd',
          '[h]:mm:ss',
          'General',
          '0.00',
          '"',
          '[',
          'h:mm AM/PM',
          'yy\\',
          '[$-409]',
          '14',
          '22',
          '46',
          '164',
          '-1',
          'x',
          '',
          'e',
          'B2yyyy',
        ]),
      ),
  },
  { name: 'xml: since 1904', make: (text) => text.replace('<workbookPr', '<workbookPr date1904="true"') },
  {
    name: 'xml: formulas',
    make: (text, dice) =>
      some(text, dice, /<v>/g, () => `<f>${dice.pick(['A1+1', '', 'SUM(', '1/0', 'A1', 'x'.repeat(9000)])}</f><v>`),
  },
  {
    name: 'xml: shared formulas',
    make: (text, dice) =>
      some(text, dice, /<v>/g, () => `<f t="shared" ref="A1:B9" si="${dice.below(3)}">${dice.pick(['A1', ''])}</f><v>`),
  },
  {
    name: 'xml: many rows',
    make: (text) => text.replace('</sheetData>', '<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>'),
  },
  { name: 'xml: a cell far out', make: (text) => text.replace('</row>', '<c r="XFD1"><v>1</v></c></row>') },
  {
    name: 'xml: merged cells',
    make: (text, dice) =>
      text.replace('</sheetData>', `</sheetData><mergeCells><mergeCell ref="${dice.pick(RANGES)}"/></mergeCells>`),
  },
  {
    name: 'xml: names of sheets',
    make: (text, dice) =>
      some(text, dice, /(?<=<sheet [^>]*name=")[^"]*/g, () =>
        dice.pick([
          '',
          'Data',
          "it's",
          'a/b',
          '&quot;',
          'x'.repeat(300),
          '../x',
          'a!b',
          '__proto__',
          'toString',
          '0',
          '-1',
          'constructor',
        ]),
      ),
  },
  {
    name: 'xml: hidden',
    make: (text, dice) => text.replace('<sheet ', `<sheet state="${dice.pick(['hidden', 'veryHidden', 'x'])}" `),
  },
  { name: 'xml: another encoding', make: (text, dice) => text.replace('UTF-8', dice.pick(['UTF-16', 'latin1', 'x'])) },
  { name: 'xml: nothing', make: () => '' },
];
