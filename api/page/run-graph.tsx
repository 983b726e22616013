import { span } from './format.js';
import type { StepView } from './step-view.js';
import type { Node } from './types.js';

const WIDTH = 108;
const HEIGHT = 46;
const GAP_X = 28;
const GAP_Y = 14;
const EDGE = 8;
/** Smaller, its words could not be read: then it is scrolled. */
const LEAST_SCALE = 0.8;

/** The steps as they are drawn, from left to right, each with how it stands. */
export function RunGraph({
  nodes,
  steps,
  chosen,
  choose,
}: {
  nodes: readonly Node[];
  steps: readonly StepView[];
  chosen: string | null;
  choose: (step: string) => void;
}) {
  const ranks = Math.max(...nodes.map(({ rank }) => rank)) + 1;
  const columns = Array.from({ length: ranks }, (_, rank) => nodes.filter((node) => node.rank === rank));
  const tallest = Math.max(...columns.map((column) => column.length));
  const height = tallest * (HEIGHT + GAP_Y) - GAP_Y + 2 * EDGE;
  const width = ranks * (WIDTH + GAP_X) - GAP_X + 2 * EDGE;
  const places = new Map(
    columns.flatMap((column, rank) =>
      column.map((node, at): [string, { x: number; y: number }] => [
        node.name,
        {
          x: EDGE + rank * (WIDTH + GAP_X),
          y: EDGE + at * (HEIGHT + GAP_Y) + ((tallest - column.length) * (HEIGHT + GAP_Y)) / 2,
        },
      ]),
    ),
  );
  const byName = new Map(steps.map((step) => [step.name, step]));
  return (
    <section class="panel graph" aria-label="Steps" tabIndex={0}>
      <svg viewBox={`0 0 ${width} ${height}`} style={{ minWidth: `${width * LEAST_SCALE}px`, maxWidth: `${width}px` }}>
        <title>The steps as a graph</title>
        {nodes.flatMap(({ name, after }) =>
          after.map((from) => (
            <path key={`${from} ${name}`} class="edge" d={curve(places.get(from)!, places.get(name)!)} />
          )),
        )}
        {nodes.map(({ name, doc, mapped }) => {
          const { x, y } = places.get(name)!;
          const step = byName.get(name);
          return (
            <g
              key={name}
              class={`node state-${step?.state ?? 'waiting'}${name === chosen ? ' chosen' : ''}`}
              transform={`translate(${x} ${y})`}
              tabIndex={0}
              role="button"
              aria-pressed={name === chosen}
              aria-label={`${name}: ${step?.state ?? 'waiting'}`}
              onClick={() => choose(name)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' && event.key !== ' ') return;
                event.preventDefault();
                choose(name);
              }}
            >
              <title>{doc}</title>
              {mapped && <rect class="node-back" x="4" y="4" width={WIDTH} height={HEIGHT} rx="8" />}
              <rect width={WIDTH} height={HEIGHT} rx="8" />
              <rect class="node-edge" width="5" height={HEIGHT} rx="2.5" />
              {step !== undefined && step.batches > 0 && (
                <rect
                  class="node-progress"
                  x="12"
                  y={HEIGHT - 6}
                  width={((WIDTH - 24) * step.batchesDone) / step.batches}
                  height="2.5"
                  rx="1"
                />
              )}
              <text x="14" y="19">
                {name}
              </text>
              <text x="14" y="34" class="node-detail">
                {step === undefined ? '' : detailOf(step)}
              </text>
            </g>
          );
        })}
      </svg>
    </section>
  );
}

function detailOf({ state, batches, batchesDone, items, kept, seconds }: StepView): string {
  if (state === 'waiting') return 'not begun';
  if (state === 'running') return batches > 0 ? `${batchesDone} of ${batches} batches` : 'is at it';
  if (state !== 'done') return state;
  return items > 0 && kept === items ? `kept, ${span(seconds)}` : span(seconds);
}

function curve(from: { x: number; y: number }, to: { x: number; y: number }): string {
  const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
  const bend = Math.max(20, (x2 - x1) / 2);
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}
