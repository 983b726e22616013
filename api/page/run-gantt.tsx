import { Chart } from './chart.js';
import { span } from './format.js';
import type { StepView } from './step-view.js';
import type { Attempt } from './types.js';

const ROW = 22;
const STATES = ['running', 'done', 'failed', 'cancelled', 'lost'] as const;
/** Shorter bars nobody sees. */
const LEAST = 0.003;

interface Bar {
  step: string;
  from: number;
  to: number;
  state: Attempt['state'];
  text: string;
}

/** When each attempt of each step was worked on. */
export function RunGantt({ attempts, steps }: { attempts: readonly Attempt[]; steps: readonly StepView[] }) {
  if (attempts.length === 0) return null;
  const zero = Math.min(...attempts.map(({ startedAt }) => Date.parse(startedAt)));
  const now = (Date.now() - zero) / 1000;
  const bars = attempts.map((each): Bar => {
    const from = (Date.parse(each.startedAt) - zero) / 1000;
    const took = each.seconds ?? Math.max(0, now - from);
    const what = each.phase === 'batch' ? `batch ${each.batch}` : each.phase === 'once' ? '' : each.phase;
    const which = each.attempt > 1 ? `, attempt ${each.attempt}` : '';
    return {
      step: each.step,
      from,
      to: from + took,
      state: each.state,
      text: `${each.step} ${what}${which}\n${each.state}, ${span(took)}\n${each.worker}`,
    };
  });
  const end = Math.max(...bars.map(({ to }) => to), 0.1);
  const names = steps.map(({ name }) => name).filter((name) => bars.some((bar) => bar.step === name));
  return (
    <section class="panel" aria-label="Over time">
      <Chart
        label={`When each step ran: ${names.join(', ')}`}
        height={names.length * ROW + 36}
        of={[attempts]}
        draw={(Plot, width) => ({
          height: names.length * ROW + 36,
          marginLeft: width < 500 ? 70 : 96,
          marginBottom: 26,
          x: { domain: [0, end], label: null, grid: true, tickFormat: tick },
          y: { domain: names, label: null, tickSize: 0, padding: 0.25 },
          color: { domain: [...STATES], range: STATES.map((state) => `var(--${state})`) },
          marks: [
            Plot.barX(bars, {
              x1: 'from',
              x2: (bar: Bar) => Math.max(bar.to, bar.from + end * LEAST),
              y: 'step',
              fill: 'state',
              fillOpacity: 0.75,
              stroke: 'var(--surface)',
              strokeWidth: 0.5,
              title: 'text',
              tip: true,
            }),
          ],
        })}
      />
    </section>
  );
}

/** As short as it can be told from the next. */
const tick = (seconds: number) =>
  seconds > 0 && seconds < 1 ? `${Math.round(seconds * 1000)} ms` : span(seconds).replace('.0 s', ' s');
