import { path, useResource } from './api.js';
import { count, figure } from './format.js';
import { List } from './list.js';
import { Failure, Loading } from './parts.js';
import { Link, setQuery } from './router.js';
import type { ChunkLineage, RunFile } from './types.js';

const MOST_FILES = 100;

/** The tables that a run read, with the hashes of their files. */
export function RunFiles({ id }: { id: string }) {
  const { data, error, reload } = useResource<RunFile[]>(`${path('runs', id)}/files`);
  return (
    <section class="panel" aria-label="Files">
      <h2>Files{data !== null && data.length > 0 ? `, ${count(data.length)}` : ''}</h2>
      {data === null ? error === null ? <Loading /> : <Failure error={error} retry={reload} /> : <Files files={data} />}
    </section>
  );
}

/** From a chunk back to the version that saw it, and to its files. */
export function ChunkPanel({ id, sensor, day }: { id: string; sensor: string; day: string }) {
  const query = new URLSearchParams({ sensor, day });
  const { data, error } = useResource<ChunkLineage>(`${path('runs', id)}/lineage?${query}`);
  return (
    <section class="panel" aria-label="Chunk">
      <div class="panel-head">
        <h2>
          <span class="id">{sensor}</span> on {day}
        </h2>
        <button
          type="button"
          class="plain end"
          aria-label="Close"
          onClick={() => setQuery({ sensor: null, day: null })}
        >
          ✕
        </button>
      </div>
      {error !== null && <Failure error={error} />}
      {data !== null && (
        <>
          <p>
            {count(data.chunk.readings)} readings,{' '}
            <code title="Hash of their values">{data.chunk.valueHash.slice(0, 16)}</code>
            {data.prediction !== null &&
              `; cluster ${data.prediction.cluster}, distance ${figure(data.prediction.distance)}${data.prediction.novel ? ', novel' : ''}`}
            {data.model !== null && (
              <>
                {data.prediction === null ? '; seen by ' : ' by '}
                <Link to={path('models', data.model.name)}>
                  {data.model.name} version {data.model.version}
                </Link>
                , trained in <Link to={path('runs', data.model.runId)}>{data.model.runId}</Link>
              </>
            )}
          </p>
          <Files files={data.files} />
        </>
      )}
    </section>
  );
}

function Files({ files }: { files: readonly RunFile[] }) {
  if (files.length === 0) return <p class="dim">None is known: a run that ends well records them.</p>;
  return (
    <>
      <List columns={['File', { number: 'Bytes' }, { number: 'Readings' }, 'Content']} long>
        {files.slice(0, MOST_FILES).map(({ path: file, bytes, readings, sha256 }) => (
          <tr key={file}>
            <td class="id">{file}</td>
            <td class="number">{count(bytes)}</td>
            <td class="number">{count(readings)}</td>
            <td>
              <code title={sha256}>{sha256.slice(0, 12)}</code>
            </td>
          </tr>
        ))}
      </List>
      {files.length > MOST_FILES && <p class="dim">and {count(files.length - MOST_FILES)} more</p>}
    </>
  );
}
