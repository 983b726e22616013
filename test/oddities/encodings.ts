import { grow } from './plant.js';
import { type Oddity, odd } from './written.js';

const SENSORS = ['Kühler', 'Öl Süd', 'Straße 7'];
const MARK = '\ufeff';

const encoded = (
  name: string,
  encoding: string,
  encode: (text: string) => string | Uint8Array,
  sensors = SENSORS,
): Oddity =>
  odd(name, (random) => ({
    plant: grow(random, { sensors }),
    style: { time: ['Datum'] },
    text: { delimiter: random.pick([',', ';', '\t']), end: random.pick(['\n', '\r\n']) },
    edit: encode,
    found: { encoding, header: 'line 1', time: 'Datum' },
  }));

const utf16 = (text: string) => Buffer.from(text, 'utf16le');
/** Of the signs that Windows-1252 has and Latin-1 has not. */
const windows = (text: string) => Buffer.from(text.replaceAll('€', '\u0080').replaceAll('‰', '\u0089'), 'latin1');

export const ENCODINGS: Oddity[] = [
  encoded('UTF-8 with umlauts', 'utf-8', (text) => text),
  encoded('UTF-8 with a mark', 'utf-8', (text) => MARK + text),
  encoded('UTF-16, little end first, with a mark', 'utf-16le', (text) => utf16(MARK + text)),
  encoded('UTF-16, big end first, with a mark', 'utf-16be', (text) => utf16(MARK + text).swap16()),
  encoded('UTF-16, little end first, without a mark', 'utf-16le', utf16),
  encoded('UTF-16, big end first, without a mark', 'utf-16be', (text) => utf16(text).swap16()),
  encoded('Latin-1 with umlauts', 'windows-1252', (text) => Buffer.from(text, 'latin1')),
  encoded('Windows-1252 with € and ‰', 'windows-1252', windows, ['Preis €', 'Anteil ‰', 'süd']),
];
