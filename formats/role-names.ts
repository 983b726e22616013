import { ZONE_HOURS } from './zones.js';

/** The parts that a moment may be spread over: a day by its month or in its year, a time of day as 1530 or by hours. */
export const PARTS = ['year', 'month', 'day', 'yearday', 'clock', 'hour', 'minute', 'second'] as const;
export type Part = (typeof PARTS)[number];

/** What columns are called, in small letters without blanks and signs. */
export const TIME_NAMES = new Set([
  ...['time', 'timestamp', 'ts', 'date', 'datetime', 'dateandtime', 'utc', 'utctime', 'localtime', 'measuredat', 'at'],
  ...[
    'zeit',
    'zeitstempel',
    'datum',
    'datumuhrzeit',
    'datumzeit',
    'messzeit',
    'fecha',
    'fechahora',
    'hora',
    'horodatage',
  ],
  ...['dateheure', 'heure', 'data', 'ora', 'tijd', 'tid', 'epoch', 'unixtime', 'recordedat', 'createdat', 'eventtime'],
]);
export const SENSOR_NAMES = new Set([
  ...[
    'sensor',
    'sensorid',
    'sensorname',
    'device',
    'deviceid',
    'devicename',
    'station',
    'stationid',
    'stationname',
    'site',
  ],
  ...['siteid', 'node', 'nodeid', 'tag', 'tagname', 'meter', 'meterid', 'channel', 'channelid', 'machine', 'machineid'],
  ...['machinename', 'location', 'locationid', 'room', 'building', 'buildingid', 'asset', 'assetid', 'probe', 'point'],
  ...['pointid', 'signal', 'variable', 'parameter', 'metric', 'measurement', 'name', 'key', 'item', 'itemid', 'entity'],
  ...['entityid', 'series', 'seriesid', 'id', 'unitid', 'turbine', 'pump', 'engine', 'city', 'messstelle', 'standort'],
  ...['zaehler', 'geraet', 'anlage', 'moteid', 'mote', 'monitor', 'monitorid', 'household', 'customerid', 'unitnumber'],
]);
export const VALUE_NAMES = new Set([
  ...[
    'value',
    'val',
    'reading',
    'measurement',
    'measuredvalue',
    'measure',
    'wert',
    'messwert',
    'valor',
    'valeur',
    'valore',
  ],
  ...['result', 'y', 'observation', 'datavalue'],
]);
export const ROW_NAMES = new Set([
  '',
  'no',
  'nr',
  'n',
  'index',
  'idx',
  'row',
  'rownumber',
  'rowid',
  'record',
  'id',
  'lfdnr',
  'column1',
  'unnamed0',
]);
/** Times of day are called by the zone that they are of. */
const ZONES = [...Object.keys(ZONE_HOURS), 'LST', 'CST', 'BST', 'IST'].map((zone) => zone.toLowerCase());
export const PART_NAMES: Record<Part, string[]> = {
  year: ['year', 'yr', 'yyyy', 'jahr', 'annee', 'ano', 'anio'],
  month: ['month', 'mon', 'mo', 'mm', 'monat', 'mois', 'mes'],
  day: ['day', 'dy', 'dd', 'dayofmonth', 'tag', 'jour', 'dia'],
  yearday: ['yearday', 'dayofyear', 'doy', 'yday', 'julianday', 'julian', 'jday'],
  clock: ['clock', 'hhmm', 'hourminute', 'time', 'uhrzeit', 'zeit', 'heure', 'hora', ...ZONES],
  hour: ['hour', 'hr', 'hh', 'hours', 'stunde', 'heure', 'hora'],
  minute: ['minute', 'min', 'minutes', 'mi'],
  second: ['second', 'sec', 'seconds', 'ss', 'sekunde'],
};

/** A name without accents, case, blanks and signs, as it is looked up here. */
export const plainName = (name: string) =>
  name
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
