// One field of a step, by what it may hold. What is typed becomes an operation when the field is left.
import type { JSX, TargetedEvent } from "preact";
import { useId } from "preact/hooks";
import { ExpressionInput } from "./expression";
import type { Editing } from "./model";
import { PromptText } from "./prompt_text";
import type { Field } from "./schema";

/** `null` takes it away. False: refused. */
export type Change = (to: unknown) => Promise<boolean>;

interface Props {
  editing: Editing;
  name: string;
  field: Field;
  /** What the field is for. */
  says: string;
  value: unknown;
  change: Change;
  /** Of the field; empty where it is the step's whole value. */
  path: string;
}

const NAMES: Record<string, string> = {
  keys: "Keys",
  exits: "Where it leads otherwise",
  prompt: "What callers hear",
  to: "To",
  tries: "Tries",
  timeout: "Time to answer",
  barge_in: "Keys interrupt",
};

export const nameOf = (name: string): string => NAMES[name] ?? name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());

/** A refused value does not stay as if it held: what the text says stands there again. */
async function heldOrBack(held: Promise<boolean>, field: HTMLInputElement | HTMLSelectElement, was: string): Promise<void> {
  const tried = field.value;
  // Whoever goes on typing meanwhile keeps it.
  if (!(await held) && field.value === tried) field.value = was;
}

export function FieldInput(props: Props): JSX.Element {
  const { editing, field, name, value, change, says } = props;
  const off = !editing.writes;
  if (field.kind === "targets") return <Targets {...props} names={field.names} options={field.options} />;
  if (field.kind === "prompt") return <PromptText editing={editing} value={value} change={change} says={says} />;
  if (field.kind === "expression" && (value == null || typeof value === "string" || typeof value === "boolean" || typeof value === "number")) {
    return <ExpressionInput editing={editing} label={nameOf(name)} value={value == null ? "" : String(value)} says={says} change={change} />;
  }
  if (field.kind === "truth" && (value === undefined || typeof value === "boolean")) {
    const was = value === undefined ? "" : String(value);
    const chosen = ({ currentTarget }: TargetedEvent<HTMLSelectElement>): void => {
      const to = currentTarget.value;
      void heldOrBack(change(to === "" ? null : to === "true"), currentTarget, was);
    };
    return (
      <label>
        {nameOf(name)}
        <select value={was} disabled={off} onChange={chosen}>
          <option value="">as usual</option>
          <option value="true">yes</option>
          <option value="false">no</option>
        </select>
        <span class="small soft">{says}</span>
      </label>
    );
  }
  if (typeof value === "object" && value !== null) {
    return (
      <div>
        {nameOf(name)} <code class="small">{JSON.stringify(value)}</code> <span class="small soft">(change it in the text)</span>
      </div>
    );
  }
  return <Line {...props} off={off} />;
}

/** A value of one line, with what may stand there offered. */
function Line({ editing, field, name, value, change, says, off }: Props & { off: boolean }): JSX.Element {
  const list = useId();
  const text = value === undefined || value === null ? "" : String(value);
  const blocks = editing.good.value?.outline?.blocks.map((block) => block.name) ?? [];
  const options = field.kind === "target" ? [...new Set([...blocks, ...field.options])] : field.kind === "choice" ? field.options : [];
  const strict = field.kind === "target" || (field.kind === "choice" && !field.free);
  const commit = ({ currentTarget }: TargetedEvent<HTMLInputElement | HTMLSelectElement>): void => {
    const to = currentTarget.value.trim();
    if (to === text) return;
    void heldOrBack(change(to === "" ? null : field.kind === "number" && /^-?\d+$/.test(to) ? Number(to) : to), currentTarget, text);
  };
  return (
    <label>
      {nameOf(name)}
      {strict ? (
        <select value={text} disabled={off} onChange={commit}>
          {!options.includes(text) && <option value={text}>{text}</option>}
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      ) : (
        <input
          value={text}
          disabled={off}
          list={options.length > 0 ? list : undefined}
          inputMode={field.kind === "number" ? "numeric" : undefined}
          pattern={field.kind === "word" ? field.pattern : undefined}
          title={field.kind === "word" ? field.says : undefined}
          onChange={commit}
        />
      )}
      {options.length > 0 && !strict && (
        <datalist id={list}>
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </datalist>
      )}
      {says !== "" && <span class="small soft">{says}</span>}
    </label>
  );
}

/** Keys of a menu, or exits: each with where it leads. */
function Targets({ editing, name, value, path, names, options }: Props & { names: string[]; options: string[] }): JSX.Element {
  const entries = Object.entries((value ?? {}) as Record<string, unknown>);
  const blocks = editing.good.value?.outline?.blocks.map((block) => block.name) ?? [];
  const set = (at: string, to: unknown): Promise<boolean> => editing.operate([{ op: "set", path: at, value: to }]);
  const unused = names.filter((exit) => !entries.some(([key]) => key === exit));
  const add = (exit: string): void => void editing.operate([{ op: "set", ...(entries.length === 0 ? { path, value: { [exit]: "hangup" } } : { path: `${path}/${exit}`, value: "hangup" }) }]);
  return (
    <fieldset class="flow-targets">
      <legend>{nameOf(name)}</legend>
      {entries.map(([key, to]) => (
        <TargetRow key={key} place={`${path}/${key}`} name={key} to={to} options={[...new Set([...blocks, ...options])]} off={!editing.writes} set={set} last={entries.length === 1} whole={path} />
      ))}
      {editing.writes && unused.length > 0 && (
        <select value="" aria-label={`Add to: ${nameOf(name)}`} onChange={(event) => add(event.currentTarget.value)}>
          <option value="">Add…</option>
          {unused.map((exit) => (
            <option key={exit}>{exit}</option>
          ))}
        </select>
      )}
    </fieldset>
  );
}

interface RowProps {
  name: string;
  place: string;
  to: unknown;
  options: string[];
  off: boolean;
  set: (path: string, to: unknown) => Promise<boolean>;
  /** It is the only one: without it there is no list. */
  last: boolean;
  whole: string;
}

function TargetRow({ name, place, to, options, off, set, last, whole }: RowProps): JSX.Element {
  const long = typeof to === "object" && to !== null ? (to as Record<string, unknown>) : null;
  const go = long === null ? to : long["go"];
  const text = typeof go === "string" ? go : null;
  const label = long === null ? undefined : long["label"];
  return (
    <div class="flow-target">
      <span class="flow-key">{name}</span>
      {text === null ? (
        <span class="small soft">several steps: see the text</span>
      ) : (
        <select aria-label={`${name} leads to`} value={text} disabled={off} onChange={({ currentTarget }) => void heldOrBack(set(long === null ? place : `${place}/go`, currentTarget.value), currentTarget, text)}>
          {!options.includes(text) && <option value={text}>{text}</option>}
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      )}
      {!off && (
        <button type="button" class="small quiet" aria-label={`Take away ${name}`} onClick={() => void set(last ? whole : place, null)}>
          Take away
        </button>
      )}
      {typeof label === "string" && <span class="flow-label soft small">{label}</span>}
    </div>
  );
}
