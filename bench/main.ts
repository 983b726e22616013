import Table from 'cli-table3';
import { benchChunking } from './chunking.js';
import { benchClustering } from './clustering.js';
import { benchDag } from './dag.js';
import { benchExplain } from './explain.js';
import { benchFeatures } from './features.js';
import { benchPredict } from './predict.js';
import type { Row } from './row.js';
import { benchSmallFiles } from './small-files.js';
import { benchSources } from './sources.js';

/** `npm run bench [-- NAME…] [--peers] [--json]`: measures ours and the peers in turn, and prints ratios. */
const BENCHES: Record<string, () => Promise<Row[]>> = {
  clustering: benchClustering,
  chunking: benchChunking,
  sources: benchSources,
  'small-files': benchSmallFiles,
  features: benchFeatures,
  dag: benchDag,
  explain: benchExplain,
  predict: benchPredict,
};

const args = process.argv.slice(2);
const json = args.includes('--json');
const wanted = args.filter((arg) => !arg.startsWith('--'));
const unknown = args.filter((arg) => !(arg in BENCHES) && arg !== '--peers' && arg !== '--json');
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(', ')}\n  ${Object.keys(BENCHES).join(', ')}; --peers, --json`);
  process.exit(2);
}
const rows: Row[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  if (!json) console.error(`measuring ${name} …`);
  rows.push(...(await bench()));
}
if (json) console.log(JSON.stringify(rows, null, 2));
else {
  const figure = (value: number | null) => (value === null ? '–' : value.toPrecision(3));
  const table = new Table({ head: ['', 'ours', 'peer', 'unit', 'ratio', 'peer'], style: { head: [], border: [] } });
  for (const { name, ours, peer, unit, ratio, peerName } of rows) {
    table.push([name, figure(ours), figure(peer), unit, ratio === null ? '–' : `${ratio.toFixed(2)} ×`, peerName]);
  }
  console.log(table.toString());
  console.log('ratio: how many times better ours is');
}
process.exit(0);
