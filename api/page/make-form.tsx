import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type ApiError, asApiError } from './api.js';
import { Failure } from './parts.js';

/** A form that makes something on the server, and says why where that is refused. */
export function MakeForm({
  make,
  done,
  children,
}: {
  make: () => Promise<unknown>;
  done: () => void;
  children: ComponentChildren;
}) {
  const [error, setError] = useState<ApiError | null>(null);
  const submit = async () => {
    setError(null);
    try {
      await make();
      done();
    } catch (thrown) {
      setError(asApiError(thrown));
    }
  };
  return (
    <form
      class="panel form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div class="fields">{children}</div>
      {error !== null && <Failure error={error} />}
      <div class="form-end">
        <button type="submit" class="primary">
          Make it
        </button>
      </div>
    </form>
  );
}

interface EntryProps {
  id: string;
  label: string;
  value: string;
  change: (value: string) => void;
  doc?: string;
  required?: boolean;
  /** What can be chosen; left out: any text. */
  options?: readonly { value: string; text: string }[];
}

/** A text, or one of some, with what it means. */
export function Entry({ id, label, value, change, doc, required = false, options }: EntryProps) {
  const set = (event: { currentTarget: { value: string } }) => change(event.currentTarget.value);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {options === undefined ? (
        <input id={id} required={required} value={value} onInput={set} />
      ) : (
        <select id={id} value={value} onChange={set}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ))}
        </select>
      )}
      {doc !== undefined && <p class="doc">{doc}</p>}
    </div>
  );
}
