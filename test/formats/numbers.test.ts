import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideDecimal, formatOf, isNumber, noEvidence, splitUnit, weigh } from '../../formats/numbers.js';

const evidenceOf = (...cells: string[]) => {
  const evidence = noEvidence();
  weigh(cells, evidence);
  return evidence;
};
const decimalOf = (delimiter: string, ...cells: string[]) => decideDecimal(evidenceOf(...cells), delimiter);

describe('a number', () => {
  it.each([
    ...['0', '-1', '+1.5', '.5', '5.', '1e5', '1.5E-3', '−3', '1,5', '1.234,5', '1,234.5', '1 234,5', "1'234.5"],
    ...['1\u00a0234,5', '1\u202f234', '1.234.567', '12,345,678', '23.5 °C', '50%', '1.2kWh', '3 m/s', '7 µg/m³'],
  ])('is %j', (cell) => {
    expect(isNumber(cell)).toBe(true);
  });

  it.each([
    ...['', '-', 'abc', 'on', '1.2.3', '192.168.1.1', '1,2,3', '12:30', '2024-02-03', '1.23.456', '1,23,456.7', '--1'],
    ...['1e', 'e5', '1 2', '12 34', '°C', 'A1', '1.5.', '0x1F', 'NaN', 'Infinity'],
  ])('is not %j', (cell) => {
    expect(isNumber(cell)).toBe(false);
  });

  it('is a number whatever its size', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => isNumber(String(x))));
  });
});

describe('a unit behind a number', () => {
  it.each([
    ['23.5 °C', '23.5', '°C'],
    ['23,5°C', '23,5', '°C'],
    ['50 %', '50', '%'],
    ['1 234,5 kWh', '1 234,5', 'kWh'],
    ['1e5 Pa', '1e5', 'Pa'],
    ['7 W/m²', '7', 'W/m²'],
  ])('of %j is split off', (cell, number, unit) => {
    expect(splitUnit(cell)).toEqual({ number, unit });
  });

  it('is no exponent', () => {
    expect(splitUnit('1e5')).toEqual({ number: '1e5', unit: null });
    expect(splitUnit('1E+05')).toEqual({ number: '1E+05', unit: null });
    expect(splitUnit('5e-324')).toEqual({ number: '5e-324', unit: null });
  });
});

describe('the decimal mark of a file', () => {
  it.each([
    ['.', 'certain', ',', ['1.5', '2', '1,234']],
    [',', 'certain', ';', ['1,5', '2', '1.234']],
    [',', 'certain', ';', ['1.234,5', '1,234']],
    ['.', 'certain', ';', ['1,234.5', '1,234']],
    [null, 'certain', ',', ['1', '20', '300']],
    [',', 'certain', ';', ['0,123', '1,234']],
    [',', 'certain', ';', ['1234,567']],
    [',', 'guess', ';', ['1,234', '5,678']],
    ['.', 'guess', '\t', ['1,234', '5,678']],
    [',', 'likely', ';', ['1,5', '2,5', '2.5']],
  ] as const)('is %s, %s, where cells between %s are %j', (decimal, sure, delimiter, cells) => {
    expect(decimalOf(delimiter, ...cells)).toMatchObject({ decimal, sure });
  });
});

describe('how the numbers of a column are written', () => {
  it.each([
    [['1.5', '2'], '.', { decimal: '.', group: '', units: [], plain: true }],
    [['1,234', '12,345.5'], '.', { decimal: '.', group: ',', units: [], plain: false }],
    [['1,234', '12'], '.', { decimal: '.', group: ',', units: [], plain: false }],
    [['1,234', '12'], ',', { decimal: ',', group: '', units: [], plain: false }],
    [['1.234,5', '2,5'], ',', { decimal: ',', group: '.', units: [], plain: false }],
    [['1 234,5'], ',', { decimal: ',', group: ' ', units: [], plain: false }],
    [["1'234.5"], '.', { decimal: '.', group: "'", units: [], plain: false }],
    [['21.5 °C', '22 °C', '21'], '.', { decimal: '.', group: '', units: ['°C'], plain: false }],
  ] as const)('is found: %j', (cells, decimal, format) => {
    expect(formatOf(cells, decimal)).toEqual(format);
  });
});
