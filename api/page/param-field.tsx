/** Of JSON Schema, what params are written in. */
export interface FieldSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: FieldSchema[];
  items?: FieldSchema;
  properties?: Record<string, FieldSchema>;
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  pattern?: string;
  format?: string;
}

interface FieldProps {
  name: string;
  schema: FieldSchema;
  required: boolean;
  text: string;
  problem: string | null;
  change: (text: string) => void;
}

/** One param: what it means, what it may be, and a place to set it. Empty: its default. */
export function Field({ name, schema, required, text, problem, change }: FieldProps) {
  const id = `param-${name}`;
  const choices = choicesOf(schema);
  const common = {
    id,
    'aria-describedby': `${id}-doc`,
    'aria-invalid': problem !== null,
    value: text,
  };
  return (
    <div class={`field${problem === null ? '' : ' wrong'}`}>
      <label for={id}>
        {name}
        {required && <span class="required"> needed</span>}
      </label>
      {choices !== null ? (
        <select {...common} onChange={(event) => change(event.currentTarget.value)}>
          <option value="">{required ? 'choose' : `default: ${shown(schema.default)}`}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : name === 'query' ? (
        <textarea {...common} rows={3} onInput={(event) => change(event.currentTarget.value)} />
      ) : (
        <TextInput
          {...common}
          schema={schema}
          required={required}
          onInput={(event: { currentTarget: HTMLInputElement }) => change(event.currentTarget.value)}
        />
      )}
      {problem !== null && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <p class="doc" id={`${id}-doc`}>
        {schema.description?.replace(/(^|[ ;])null:/g, '$1empty:')} {rangeOf(schema)}
      </p>
    </div>
  );
}

interface TextInputProps {
  id: string;
  'aria-describedby': string;
  'aria-invalid': boolean;
  value: string;
  schema: FieldSchema;
  required: boolean;
  onInput: (event: { currentTarget: HTMLInputElement }) => void;
}

function TextInput({ schema, required, ...rest }: TextInputProps) {
  const common = { ...rest, required, autocomplete: 'off', spellcheck: false };
  if (isDate(schema)) return <input {...common} type="date" />;
  const placeholder = required ? '' : shown(schema.default);
  return <input {...common} type="text" inputMode={isNumber(schema) ? 'decimal' : 'text'} placeholder={placeholder} />;
}

/** What a text stands for: JSON where a param is no text, a list also as `a, b`. */
export function readParam(schema: FieldSchema, text: string): { value: unknown; problem: string | null } {
  const kinds = kindsOf(schema);
  if (kinds.has('boolean') && (text === 'true' || text === 'false')) return fine(text === 'true');
  if ((kinds.has('number') || kinds.has('integer')) && Number.isFinite(Number(text))) {
    const value = Number(text);
    if (kinds.has('integer') && !kinds.has('number') && !Number.isInteger(value)) return odd('is no whole number');
    const { minimum, maximum, exclusiveMinimum } = bounds(schema);
    if (minimum !== undefined && value < minimum) return odd(`is below ${minimum}`);
    if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return odd(`is not above ${exclusiveMinimum}`);
    if (maximum !== undefined && value > maximum) return odd(`is above ${maximum}`);
    return fine(value);
  }
  if (/^\s*[[{]/.test(text) && (kinds.has('array') || kinds.has('object'))) {
    try {
      return fine(JSON.parse(text));
    } catch {
      return odd('is no JSON');
    }
  }
  if (kinds.has('string')) return fine(text);
  if (kinds.has('array')) {
    const parts = text.split(',').map((part) => part.trim());
    return fine(parts.filter(Boolean).map((part) => (Number.isFinite(Number(part)) ? Number(part) : part)));
  }
  return odd(kinds.has('object') ? 'is no JSON object' : 'is no number');
}

const fine = (value: unknown) => ({ value, problem: null });
const odd = (problem: string) => ({ value: undefined, problem });

const alternatives = (schema: FieldSchema): FieldSchema[] =>
  (schema.anyOf ?? [schema]).flatMap((each) => (each.anyOf ? alternatives(each) : [each]));
const kindsOf = (schema: FieldSchema) =>
  new Set(alternatives(schema).flatMap(({ type, enum: all, const: one }) => type ?? [typeof (one ?? all?.[0])]));
const bounds = (schema: FieldSchema): FieldSchema =>
  alternatives(schema).find(({ type }) => type === 'number' || type === 'integer') ?? {};

const isDate = (schema: FieldSchema) => alternatives(schema).some(({ format }) => format === 'date');
const isNumber = (schema: FieldSchema) => {
  const kinds = kindsOf(schema);
  return (kinds.has('number') || kinds.has('integer')) && !kinds.has('string');
};

/** What it may be, where that is a short list. */
function choicesOf(schema: FieldSchema): string[] | null {
  const all = alternatives(schema).filter(({ type }) => type !== 'null');
  if (all.every(({ type }) => type === 'boolean')) return ['true', 'false'];
  if (all.length === 1 && all[0]!.enum !== undefined) return all[0]!.enum.map(String);
  return null;
}

function rangeOf(schema: FieldSchema): string {
  const { minimum, maximum, exclusiveMinimum } = bounds(schema);
  const least = minimum ?? exclusiveMinimum;
  // Schemas of whole numbers name the largest there are.
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (least === undefined || least <= Number.MIN_SAFE_INTEGER) return most === undefined ? '' : `At most ${most}.`;
  return most === undefined ? `At least ${least}.` : `${least} to ${most}.`;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'found or none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
