// The form of what is chosen: a block's name and steps, a step's fields. Every change is an operation on the text.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { FlowBlock, FlowStep } from "../shapes";
import { AddStep } from "./add_step";
import { Cases } from "./cases";
import { ExpressionInput } from "./expression";
import { FieldInput, type Change } from "./fields";
import type { Editing } from "./model";
import { NewKey } from "./new_key";
import { moved, removed } from "./outline";
import { ENDS, found, freeName } from "./places";
import { actionSays, fieldOf, fieldsOf, mainField, type Schema } from "./schema";

interface Props {
  editing: Editing;
  schema: Schema | null;
}

export function FormPane({ editing, schema }: Props): JSX.Element {
  const { block, step } = found(editing.good.value?.outline, editing.at.value);
  if (step !== null) return <StepForm key={step.path + (step.action ?? "")} editing={editing} schema={schema} step={step} />;
  if (block !== null) return <BlockForm key={block.path} editing={editing} schema={schema} block={block} />;
  return <p class="empty">Choose a block or a step on the left, or a box in the picture.</p>;
}

function BlockForm({ editing, schema, block }: Props & { block: FlowBlock }): JSX.Element {
  const rename = async (to: string): Promise<void> => {
    const done = to !== block.name && to !== "" && (await editing.operate([{ op: "rename_block", from: block.name, to }]));
    if (done) editing.at.value = `/blocks/${to}`;
  };
  return (
    <div class="stack">
      <h2 id="flow-form">Block {block.name}</h2>
      <label>
        Name
        <input value={block.name} maxLength={64} disabled={!editing.writes || block.start} onChange={(event) => void rename(event.currentTarget.value.trim())} />
      </label>
      {block.start && <p class="small soft">Calls begin in this block, so it keeps its name.</p>}
      <div class="row">
        <AddStep editing={editing} schema={schema} block={block} at={block.steps.length} />
        {editing.writes && (
          <button type="button" class="quiet" onClick={() => void addBlock(editing, block.name)}>
            New block behind it
          </button>
        )}
        {editing.writes && !block.start && (
          <button type="button" class="quiet" onClick={() => void editing.operate([{ op: "set", path: block.path, value: null }])}>
            Remove this block
          </button>
        )}
      </div>
    </div>
  );
}

async function addBlock(editing: Editing, after: string): Promise<void> {
  const taken = editing.good.value?.outline?.blocks.map((block) => block.name) ?? [];
  const name = freeName("new block", [...taken, ...ENDS]);
  if (await editing.operate([{ op: "add_block", name, after, steps: [{ hangup: null }] }])) editing.at.value = `/blocks/${name}`;
}

/** The value behind the action, short or long. */
const valueOf = (step: FlowStep): unknown => (typeof step.value === "object" && step.value !== null && step.action != null ? (step.value as Record<string, unknown>)[step.action] : null);

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function StepForm({ editing, schema, step }: Props & { step: FlowStep }): JSX.Element {
  const action = step.action ?? "";
  const value = valueOf(step);
  const { block } = found(editing.good.value?.outline, step.path);
  const at = Number(step.path.slice(step.path.lastIndexOf("/") + 1));
  const below = `${step.path}/${action}`;
  const long = isMap(value) && Object.keys(value).some((key) => key in fieldsOf(schema, action));
  const main = mainField(schema, action);
  const change = (path: string): Change => (to) => editing.operate([{ op: "set", path, value: to }]);
  return (
    <div class="stack">
      <h2 id="flow-form">
        {step.summary} <span class="soft small">step {at + 1} of {block?.name}</span>
      </h2>
      <p class="small soft">{actionSays(schema, action)}</p>
      {action === "branch" && Array.isArray(value) && <Cases editing={editing} path={below} cases={value} />}
      {long && <Fields editing={editing} schema={schema} action={action} value={value} below={below} />}
      {!long && value != null && !(action === "branch" && Array.isArray(value)) && (main === null || schema === null ? <Plain value={value} /> : <Short {...{ editing, schema, action, main, value }} change={change(below)} />)}
      {!long && main !== null && value !== null && editing.writes && (
        <p>
          <button type="button" class="small quiet" onClick={() => void change(below)({ [main]: value })}>
            More settings
          </button>
        </p>
      )}
      {action !== "" && <OnlyWhen editing={editing} step={step} />}
      {editing.writes && (
        <div class="row">
          {action === "menu" && <NewKey editing={editing} schema={schema} step={step} />}
          {block !== null && <AddStep editing={editing} schema={schema} block={block} at={at + 1} />}
          <button type="button" class="quiet" disabled={at === 0} onClick={() => void moved(editing, step, -1, (path) => (editing.at.value = path))}>
            Move up
          </button>
          <button type="button" class="quiet" disabled={block === null || at + 1 >= block.steps.length} onClick={() => void moved(editing, step, 1, (path) => (editing.at.value = path))}>
            Move down
          </button>
          <button type="button" class="quiet" onClick={() => void removed(editing, step, (path) => (editing.at.value = path))}>
            Remove this step
          </button>
        </div>
      )}
    </div>
  );
}

/** A step that is passed over unless something holds. */
function OnlyWhen({ editing, step }: { editing: Editing; step: FlowStep }): JSX.Element | null {
  const [added, setAdded] = useState(false);
  const when = isMap(step.value) ? step.value["when"] : undefined;
  if (when === undefined && !added) {
    if (!editing.writes) return null;
    return (
      <p>
        <button type="button" class="small quiet" onClick={() => setAdded(true)}>
          Only in some calls…
        </button>
      </p>
    );
  }
  const change: Change = (to) => editing.operate([{ op: "set", path: `${step.path}/when`, value: to }]);
  return <ExpressionInput editing={editing} label="Only when" says="Otherwise the call goes on with the next step." value={when == null ? "" : String(when)} change={change} />;
}

interface ShortProps {
  editing: Editing;
  schema: Schema;
  action: string;
  main: string;
  value: unknown;
  change: Change;
}

function Short({ editing, schema, action, main, value, change }: ShortProps): JSX.Element {
  const field = fieldsOf(schema, action)[main];
  if (field === undefined) return <Plain value={value} />;
  return <FieldInput editing={editing} name={main} field={fieldOf(schema, main, field)} says={field.description ?? ""} value={value} change={change} path="" />;
}

function Plain({ value }: { value: unknown }): JSX.Element {
  return (
    <p class="small">
      <code>{JSON.stringify(value)}</code> <span class="soft">(change it in the text)</span>
    </p>
  );
}

interface FieldsProps {
  editing: Editing;
  schema: Schema | null;
  action: string;
  value: Record<string, unknown>;
  below: string;
}

/** The fields that are there, and one more on request. */
function Fields({ editing, schema, action, value, below }: FieldsProps): JSX.Element {
  const [added, setAdded] = useState<string[]>([]);
  const known = fieldsOf(schema, action);
  const shown = Object.keys(known).filter((name) => name in value || added.includes(name));
  const others = Object.keys(known).filter((name) => !shown.includes(name));
  return (
    <>
      {shown.map((name) => {
        const field = known[name];
        if (field === undefined || schema === null) return null;
        const path = `${below}/${name}`;
        const change: Change = (to) => editing.operate([{ op: "set", path, value: to }]);
        return <FieldInput key={name} editing={editing} name={name} field={fieldOf(schema, name, field)} says={field.description ?? ""} value={value[name]} change={change} path={path} />;
      })}
      {editing.writes && others.length > 0 && (
        <label>
          Another setting
          <select value="" onChange={(event) => setAdded([...added, event.currentTarget.value])}>
            <option value="">Choose…</option>
            {others.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}
