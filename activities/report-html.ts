/** A page that needs nothing else: no script, no other file. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

export const section = (title: string, body: string) => `<section><h2>${title}</h2>\n${body}\n</section>`;
export const fact = (name: string, value: string) => `<div><dt>${name}</dt><dd>${text(value)}</dd></div>`;

/** @param kind `words`: of texts, which begin at the left and may break */
export function table(
  head: string[],
  rows: string[][],
  marks: boolean[] = [],
  kind: 'numbers' | 'words' = 'numbers',
): string {
  const cells = (tag: string, values: string[]) => values.map((value) => `<${tag}>${text(value)}</${tag}>`).join('');
  const body = rows.map((row, at) => `<tr${marks[at] ? ' class="marked"' : ''}>${cells('td', row)}</tr>`).join('\n');
  return `<table class="${kind}"><thead><tr>${cells('th', head)}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

export const number = (value: number) => value.toLocaleString('en-US');
export const many = (n: number, what: string, plural = `${what}s`) => `${number(n)} ${n === 1 ? what : plural}`;
export const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`;
export const figure = (value: number | null) =>
  value === null
    ? '–'
    : Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
      ? value.toExponential(2)
      : value.toLocaleString('en-US', { maximumFractionDigits: 3 });
export const signed = (value: number) => `${value > 0 ? '+' : ''}${value.toFixed(2)}`;

export function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #667085; --line: #e4e7ec; --ground: #fff; --accent: #2563eb; --faint: #b9c6dd; --low: #fde0c8; --full: #2b6a4d; --mark: #fff4d6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2c3442; --ground: #12161d; --accent: #7aa2ff; --faint: #46536b; --low: #5a3420; --full: #57b98a; --mark: #3d3216; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 2rem 1.25rem 4rem; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
header p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
dl { display: flex; flex-wrap: wrap; gap: .6rem 2.2rem; margin: 1rem 0 0; } dl div { min-width: 0; }
dt { color: var(--soft); font-size: .8rem; } dd { margin: 0; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); margin-top: 1.6rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-start; }
.wide { overflow-x: auto; } .note { color: var(--soft); font-size: .9rem; max-width: 75ch; }
table { border-collapse: collapse; margin: .3rem 0 1rem; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 500; font-size: .8rem; color: var(--soft); }
th, td { padding: .16rem .8rem .16rem 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child, .words th, .words td { text-align: left; }
.words td { white-space: normal; overflow-wrap: anywhere; } summary { cursor: pointer; overflow-wrap: anywhere; }
.marked td { background: var(--mark); } svg { max-width: 100%; height: auto; }
`;
