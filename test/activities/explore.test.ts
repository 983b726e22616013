import { gzipSync } from 'node:zlib';
import { symlink, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { chunkSource, writeSource } from '../support/sensor-source.js';
import { testStores } from '../support/stores.js';

const cases: Record<string, [Record<string, string | Uint8Array>, object?, string?]> = {
  crlf: [{ 'a.csv': 'time,sensor,value\r\n2024-01-01 00:00:00,x,1\r\n2024-01-01 00:01:00,x,2\r\n' }],
  bom: [{ 'a.csv': '\uFEFFtime,sensor,value\n2024-01-01 00:00:00,x,1\n' }],
  bomquoted: [{ 'a.csv': '\uFEFF"time","sensor","value"\n2024-01-01 00:00:00,x,1\n' }],
  bomcrlfwide: [{ 'a.csv': '\uFEFFtime,x\r\n2024-01-01 00:00:00,1\r\n' }],
  blank: [{ 'a.csv': 'time,sensor,value\n\n2024-01-01 00:00:00,x,1\n\n\nbad,x,2\n2024-01-01 00:01:00,x\n\nbad2,x,3\n' }],
  blankwide: [{ 'a.csv': 'time,x\n\n2024-01-01 00:00:00,1\n\n\nbad,2\n2024-01-01 00:01:00,3,4\n\nbad2,3\n' }],
  crlfblank: [{ 'a.csv': 'time,sensor,value\r\n\r\n2024-01-01 00:00:00,x,1\r\n\r\nbad,x,2\r\n2024-01-01 00:01:00,x\r\nbad2,x,3\r\n' }],
  multiline: [{ 'a.csv': 'time,sensor,value,note\n2024-01-01 00:00:00,x,1,"a\nb\nc"\nbad,x,2,n\n2024-01-01 00:01:00,x\nbad2,x,3,n\n' }],
  unterminated: [{ 'a.csv': 'time,sensor,value\n2024-01-01 00:00:00,x,1\n2024-01-01 00:01:00,"x,2\n2024-01-01 00:02:00,x,3\n2024-01-01 00:03:00,x,4\n' }],
  midquote: [{ 'a.csv': 'time,sensor,value\n2024-01-01 00:00:00,x"y,1\n2024-01-01 00:01:00,"x"y,2\n2024-01-01 00:02:00,"x""y",3\n2024-01-01 00:02:00,x,4\n' }],
  leadblank: [{ 'a.csv': '\n\ntime,sensor,value\n2024-01-01 00:00:00,x,1\n' }],
  hash: [{ 'a.csv': '#time,sensor,value\n2024-01-01 00:00:00,x,1\n' }],
  emptyall: [{ 'a.csv': '' }],
  headeronly: [{ 'a.csv': 'time,sensor,value\n' }],
  headernonl: [{ 'a.csv': 'time,sensor,value' }],
  newline: [{ 'a.csv': '\n' }],
  gzempty: [{ 'a.csv.gz': gzipSync('') }],
  gz: [{ 'a.csv.gz': gzipSync('time,sensor,value\n2024-01-01 00:00:00,x,1\n') }],
  GZ: [{ 'a.CSV.GZ': gzipSync('time,sensor,value\n2024-01-01 00:00:00,x,1\n') }],
  pqgz: [{ 'a.parquet.gz': gzipSync('time,sensor,value\n2024-01-01 00:00:00,x,1\n') }],
  gzcut: [{ 'a.csv.gz': gzipSync('time,sensor,value\n' + Array.from({ length: 5000 }, (_, i) => `2024-01-01 00:00:00.${String(i).padStart(4, '0')},x,${Math.sin(i)}\n`).join('')).subarray(0, 30000) }],
  notgz: [{ 'a.csv.gz': 'time,sensor,value\n2024-01-01 00:00:00,x,1\n' }],
  latin1: [{ 'a.csv': Buffer.from('time,sensor,value\n2024-01-01 00:00:00,k\xfchl,1\n2024-01-01 00:00:00,y,1\n', 'latin1') }],
  latin1h: [{ 'a.csv': Buffer.from('time,k\xfchl\n2024-01-01 00:00:00,1\n', 'latin1') }],
  utf16: [{ 'a.csv': Buffer.from('\uFEFFtime,sensor,value\n2024-01-01 00:00:00,x,1\n', 'utf16le') }],
  dupcols: [{ 'a.csv': 'time,a,a,A\n2024-01-01 00:00:00,1,2,3\n' }],
  emptyhdr: [{ 'a.csv': 'time,,b,\n2024-01-01 00:00:00,1,2,\n' }],
  quotedhdr: [{ 'a.csv': '"Time","a, b","c ""d"""\n2024-01-01 00:00:00,1,2\n' }],
  space: [{ 'a.csv': ' time , a , b\n2024-01-01 00:00:00, 1.5 ,2\n' }],
  cr: [{ 'a.csv': 'time,sensor,value\r2024-01-01 00:00:00,x,1\r2024-01-01 00:01:00,x,1\r' }],
  mixednl: [{ 'a.csv': 'time,sensor,value\r\n2024-01-01 00:00:00,x,1\n2024-01-01 00:01:00,x,2\r\n2024-01-01 00:02:00,x,3\n' }],
  mixednl2: [{ 'a.csv': 'time,sensor,value\n2024-01-01 00:00:00,x,1\r\n2024-01-01 00:01:00,x,2\r\n2024-01-01 00:02:00,x,3\n' }],
  emptysensor: [{ 'a.csv': 'time,sensor,value\n2024-01-01 00:00:00,,1\n2024-01-01 00:00:00,"",1\n2024-01-01 00:00:00," ",1\n,x,1\n2024-01-01,NULL,1\n,,\n' }],
  values: [{ 'a.csv': 'time,sensor,value\n2024-01-01 00:00:00,x,1_000\n2024-01-01 00:01:00,x,nan\n2024-01-01 00:02:00,x,NULL\n2024-01-01 00:03:00,x,"1,5"\n2024-01-01 00:04:00,x,1e309\n2024-01-01 00:04:00,x, n/a \n' }],
  odd: [{ "q'uo te\"ü.csv": 'time,x\n2024-01-01 00:00:00,1\n', 'a[1]*.csv': 'time,x\n2024-01-01 00:00:00,1\n', 'a{b}?.csv': 'time,x\n2024-01-01 00:00:00,1\n', 'd[1]/a1.csv': 'time,x\n2024-01-01 00:00:00,1\n', 'year=2024/x=5/p.csv': 'time,x\n2024-01-01 00:00:00,1\n', 'a1x.csv': 'time,y\n2024-01-01 00:00:00,1\n' }],
  wide: [{ 'a.csv': 'time,x,y\n2024-01-01 00:00:00,1,\n2024-01-01 00:01:00,,2\nbad,3,\n2024-01-01 00:02:00,1\n2024-01-01 00:03:00,zz,1\n' }],
  semicolon: [{ 'a.csv': 'time;sensor;value\n2024-01-01 00:00:00;x;1\n' }],
  renamed: [{ 'a.csv': 'time,sensor,reading\n2024-01-01 00:00:00,x,1\n2024-01-01 00:00:00,y,1\n' }],
  sensorid: [{ 'a.csv': 'time,sensor_id,value\n2024-01-01 00:00:00,x,1\n2024-01-01 00:00:00,y,1\n' }],
  epoch: [{ 'a.csv': 'time,sensor,value\n1710000000,x,1\n' }],
};

for (const k of Object.keys(cases)) if (!['blank','blankwide','crlfblank','multiline','unterminated','leadblank','newline','gzempty','GZ','pqgz','gzcut','renamed','sensorid','odd','gz','bom'].includes(k)) delete cases[k];
test('big', async () => {
  const stores = await testStores();
  const lines = ['time,sensor,value,note'];
  const expected: number[] = [];
  let physical = 0, rec = 0;
  for (let i = 0; i < 900_000; i++) {
    rec++;
    if (i % 50_000 === 49_999) { lines.push('2024-01-01 00:00:00,x'); expected.push(rec); }
    else if (i % 70_001 === 70_000) { lines.push('', 'bad,x,1,n'); expected.push(rec); }
    else lines.push(`${new Date(1704067200000 + (i % 80000) * 1000).toISOString()},s${i % 7},${i},some note of text`);
  }
  const source = await writeSource(stores, { 'a.csv': lines.join('\n') + '\n' });
  const c = await chunkSource(stores, source);
  const local = await stores.objects.local(c.staged[0]!.quarantine!);
  const st = await stores.objects.local(c.staged[0]!.uri);
  await stores.duck.session({ tz: 'UTC', signal: undefined }, async (d) => {
    const r = await d.rows<{ r: number }>(`select record::double r from read_parquet('${local}')`);
    console.log('big', JSON.stringify(r.map((x) => x.r)) === JSON.stringify(expected), r.length, expected.length, c.account);
    console.log(JSON.stringify(r.map((x, i) => [x.r, expected[i]])));
    console.log(await d.rows(`select n::double n,value,p from (select file_row_number n, value, lag(value) over (order by file_row_number) p from read_parquet('${st}', file_row_number=true) where reason is null) where value <= p`));
    console.log(await d.rows(`select row_group_id::double r, row_group_num_rows::double n, stats_min, stats_max from parquet_metadata('${st}') where path_in_schema='value'`));
    console.log(await d.rows(`select count(*)::double n from (select value, lag(value) over (order by file_row_number) p from read_parquet('${st}', file_row_number=true) where reason is null) where value <= p`));
  });
  await stores.close();
});
for (const [name, [files, options]] of Object.entries(cases)) {
  test(name, async () => {
    const stores = await testStores();
    try {
      const source = await writeSource(stores, files);
      let out: unknown;
      try {
        const c = await chunkSource(stores, source, options);
        const q: unknown[] = [];
        for (const f of c.staged) {
          if (f.quarantine === null) continue;
          const local = await stores.objects.local(f.quarantine);
          await stores.duck.session({ tz: 'UTC', signal: undefined }, async (d) => q.push(...(await d.rows<object>(`select record::double r, sensor s, reason, raw from read_parquet('${local}')`)).map((r) => Object.values(r).join('|'))));
        }
        out = { account: JSON.stringify(c.account), q: c.chunks.quarantined, rows: q, chunks: c.manifest.days.flatMap((d) => d.chunks.map((x) => `${d.day} ${x.sensor} ${x.rows}`)) };
      } catch (e) { out = (e as { code?: string }).code + ' ' + (e as Error).message; }
      console.log(name, out);
    } finally { await stores.close(); }
  });
}
