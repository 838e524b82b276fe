// The cases of a branch: each an expression and where it leads; the first that holds is taken.
import type { JSX } from "preact";
import { ExpressionInput } from "./expression";
import type { Editing } from "./model";

interface Props {
  editing: Editing;
  /** Of the list. */
  path: string;
  cases: unknown[];
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

export function Cases({ editing, path, cases }: Props): JSX.Element {
  const set = (at: string, value: unknown): Promise<boolean> => editing.operate([{ op: "set", path: at, value }]);
  const last = cases.at(-1);
  const elseAt = isMap(last) && "else" in last ? cases.length - 1 : cases.length;
  const add = (): void => void editing.operate([{ op: "insert_step", list: path, at: elseAt, step: { when: "customer.known", go: blocksOf(editing)[0] ?? "hangup" } }]);
  return (
    <div class="stack">
      {cases.map((one, number) => (
        <Case key={number} editing={editing} place={`${path}/${number}`} number={number} one={one} set={set} only={cases.length === 1} />
      ))}
      {editing.writes && (
        <button type="button" class="small" onClick={add}>
          Add a case
        </button>
      )}
    </div>
  );
}

const blocksOf = (editing: Editing): string[] => editing.good.value?.outline?.blocks.map((block) => block.name) ?? [];

interface CaseProps {
  editing: Editing;
  place: string;
  number: number;
  one: unknown;
  set: (path: string, value: unknown) => Promise<boolean>;
  only: boolean;
}

function Case({ editing, place, number, one, set, only }: CaseProps): JSX.Element {
  if (!isMap(one)) return <p class="small soft">Case {number + 1}: see the text.</p>;
  if ("else" in one) return <Leads editing={editing} label="Else on to" value={one["else"]} change={(to) => set(`${place}/else`, to)} />;
  const when = one["when"];
  return (
    <fieldset class="stack tight">
      <legend>Case {number + 1}</legend>
      <ExpressionInput editing={editing} label="When" says="" value={typeof when === "string" || typeof when === "boolean" ? String(when) : ""} change={(to) => set(`${place}/when`, to ?? "false")} />
      {"do" in one ? <Leads editing={editing} label="Then on to" value={one["do"]} change={(to) => set(`${place}/do`, to)} /> : <Leads editing={editing} label="Then on to" value={one["go"]} change={(to) => set(`${place}/go`, to)} />}
      {editing.writes && !only && (
        <p>
          <button type="button" class="small quiet" onClick={() => void set(place, null)}>
            Take case {number + 1} away
          </button>
        </p>
      )}
    </fieldset>
  );
}

function Leads({ editing, label, value, change }: { editing: Editing; label: string; value: unknown; change: (to: string) => Promise<boolean> }): JSX.Element {
  if (Array.isArray(value)) return <p class="small soft">{label.replace(" on to", "")} several steps: see the text.</p>;
  const text = typeof value === "string" ? value : "";
  const options = [...new Set([...blocksOf(editing), "hangup", ...(text === "" ? [] : [text])])];
  return (
    <label>
      {label}
      <select
        value={text}
        disabled={!editing.writes}
        onChange={({ currentTarget }) => {
          void change(currentTarget.value).then((held) => {
            if (!held) currentTarget.value = text;
          });
        }}
      >
        {text === "" && <option value="">Choose…</option>}
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  );
}
