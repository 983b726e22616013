import { useEffect, useRef, useState } from 'preact/hooks';
import { ActivityPage } from './activity.js';
import { BackfillPage } from './backfill.js';
import { BackfillsPage } from './backfills.js';
import { KeysHelp, useKeys } from './keys.js';
import { ModelsPage } from './models.js';
import { Empty } from './parts.js';
import { Link, usePlace } from './router.js';
import { RunPage } from './run.js';
import { RunsPage } from './runs.js';
import { SchedulesPage } from './schedules.js';
import { StartPage } from './start.js';
import { ThemeButton } from './theme.js';

const NAVIGATION = [
  ['runs', 'Runs'],
  ['start', 'Start'],
  ['schedules', 'Schedules'],
  ['backfills', 'Backfills'],
  ['models', 'Models'],
  ['activity', 'Activity'],
] as const;

export function App() {
  const { parts } = usePlace();
  const [help, setHelp] = useState(false);
  useKeys(() => setHelp((shown) => !shown));
  const [area = 'runs', name] = parts;
  const main = useRef<HTMLElement>(null);
  const before = useRef('');
  useEffect(() => {
    document.title = [name, area === 'runs' && name === undefined ? null : area, 'Millrace']
      .filter(Boolean)
      .join(' · ');
    // Who does not see the page hears that it is another one.
    const place = `${area}/${name ?? ''}`;
    if (before.current !== '' && before.current !== place) main.current?.focus({ preventScroll: true });
    before.current = place;
  }, [area, name]);
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <nav class="bar" aria-label="Main">
        <Link to="/" class="brand" label="Millrace, all runs">
          <img src="/page/icon.svg" alt="" width="22" height="22" /> <span>Millrace</span>
        </Link>
        {NAVIGATION.map(([place, title]) => (
          <Link key={place} to={`/${place}`} class="tab" current={area === place}>
            {title}
          </Link>
        ))}
        <span class="bar-end">
          <button type="button" class="plain" title="Keys (?)" aria-label="Keys" onClick={() => setHelp(true)}>
            ?
          </button>
          <ThemeButton />
        </span>
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        <Content parts={parts} />
      </main>
      {help && <KeysHelp close={() => setHelp(false)} />}
    </>
  );
}

function Content({ parts: [area = 'runs', name, part] }: { parts: string[] }) {
  if (area === 'runs') return name === undefined ? <RunsPage /> : <RunPage key={name} id={name} part={part} />;
  if (area === 'start') return <StartPage pipeline={name} />;
  if (area === 'schedules') return <SchedulesPage />;
  if (area === 'backfills') return name === undefined ? <BackfillsPage /> : <BackfillPage key={name} id={name} />;
  if (area === 'activity') return <ActivityPage />;
  if (area === 'models') return <ModelsPage name={name} />;
  return (
    <Empty title="There is nothing here.">
      <Link to="/">All runs</Link>
    </Empty>
  );
}
