// A new key of a menu in one go: which key, what the menu says of it, what callers hear behind it and where they go on.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal } from "../../../ui/refusal";
import type { FlowStep, Operation } from "../shapes";
import type { Editing } from "./model";
import { ENDS, freeName } from "./places";
import { languageName, languagesOf } from "./prompt_text";
import { offered, type Schema } from "./schema";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "star", "hash"];

interface Props {
  editing: Editing;
  schema: Schema | null;
  step: FlowStep;
}

interface MenuValue {
  prompt?: unknown;
  keys?: Record<string, unknown>;
}

const menuOf = (step: FlowStep): MenuValue => ((step.value as Record<string, unknown> | null)?.["menu"] ?? {}) as MenuValue;

export function NewKey(props: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        New key
      </button>
      {open && <Dialog {...props} onClose={() => setOpen(false)} />}
    </>
  );
}

interface Chosen {
  key: string;
  label: string;
  /** What the menu says, by language. */
  told: Record<string, string>;
  /** What is heard behind the key, by language. */
  message: Record<string, string>;
  /** `queue:NAME`, `block:NAME` or `hangup`. */
  then: string;
}

/** What makes the key, in the order in which the text grows. */
function operations(editing: Editing, step: FlowStep, chosen: Chosen): Operation[] {
  const outline = editing.good.value?.outline;
  const messages = Object.entries(chosen.message).filter(([, text]) => text.trim() !== "");
  const [kind, to] = [chosen.then.split(":")[0] ?? "", chosen.then.slice(chosen.then.indexOf(":") + 1)];
  const steps: unknown[] = [];
  const menu = menuOf(step).prompt;
  const before = outline?.prompts.find(({ name }) => name === menu)?.parts ?? {};
  const made: Operation[] = [];
  for (const [part, text] of Object.entries(chosen.told)) {
    if (typeof menu === "string" && text.trim() !== "" && text.trim() !== before[part]) made.push({ op: "set_prompt", name: menu, part, text: text.trim() });
  }
  if (messages.length > 0) {
    const prompt = freeName(chosen.label, outline?.prompts.map(({ name }) => name) ?? []);
    for (const [part, text] of messages) made.push({ op: "set_prompt", name: prompt, part, text: text.trim() });
    steps.push({ play: prompt });
  }
  steps.push(kind === "queue" ? { queue: { to } } : kind === "block" ? { go: to } : { hangup: null });
  let target = to;
  if (messages.length > 0 || kind !== "block") {
    target = freeName(chosen.label, [...(outline?.blocks.map(({ name }) => name) ?? []), ...ENDS]);
    made.push({ op: "add_block", name: target, steps });
  }
  made.push({ op: "set", path: `${step.path}/menu/keys/${chosen.key}`, value: { go: target, label: chosen.label.trim() } });
  return made;
}

function Dialog({ editing, schema, step, onClose }: Props & { onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const menu = menuOf(step);
  const free = KEYS.filter((key) => !(key in (menu.keys ?? {})));
  const queues = offered(schema, "queue", "to");
  const blocks = editing.good.value?.outline?.blocks.map(({ name }) => name) ?? [];
  const [problem, setProblem] = useState<string | null>(null);
  const before = editing.good.value?.outline?.prompts.find(({ name }) => name === menu.prompt)?.parts ?? {};
  const [chosen, setChosen] = useState<Chosen>({ key: free[0] ?? "", label: "", told: before, message: {}, then: queues[0] === undefined ? "hangup" : `queue:${queues[0]}` });
  const change = (part: Partial<Chosen>): void => setChosen({ ...chosen, ...part });
  useEffect(() => dialog.current?.showModal(), []);
  const add = async (): Promise<void> => {
    if (chosen.label.trim() === "") return setProblem("Say what the key is for: agents and reports read it.");
    if (await editing.operate(operations(editing, step, chosen))) dialog.current?.close();
    else setProblem(editing.problem.value);
  };
  return (
    <dialog ref={dialog} class="flow-dialog" aria-labelledby="new-key" onClose={onClose}>
      <form
        class="stack"
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <h2 id="new-key">New key</h2>
        <div class="row">
          <label>
            Key
            <select value={chosen.key} onChange={(event) => change({ key: event.currentTarget.value })}>
              {free.map((key) => (
                <option key={key}>{key}</option>
              ))}
            </select>
          </label>
          <label class="grow">
            What it is for
            <input value={chosen.label} maxLength={60} placeholder="Gift vouchers" onInput={(event) => change({ label: event.currentTarget.value })} />
          </label>
        </div>
        {typeof menu.prompt === "string" && (
          <fieldset class="stack tight">
            <legend>What the menu says</legend>
            <p class="small soft">Callers learn of the new key here.</p>
            <ByLanguage editing={editing} texts={chosen.told} set={(told) => change({ told })} />
          </fieldset>
        )}
        <fieldset class="stack tight">
          <legend>What callers hear behind it</legend>
          <ByLanguage editing={editing} texts={chosen.message} set={(message) => change({ message })} />
        </fieldset>
        <label>
          Then
          <select value={chosen.then} onChange={(event) => change({ then: event.currentTarget.value })}>
            {queues.map((queue) => (
              <option key={`queue:${queue}`} value={`queue:${queue}`}>
                wait for an agent of {queue}
              </option>
            ))}
            {blocks.map((block) => (
              <option key={`block:${block}`} value={`block:${block}`}>
                go on in {block}
              </option>
            ))}
            <option value="hangup">hang up</option>
          </select>
        </label>
        <Refusal words={problem} />
        <div class="row">
          <button type="submit" class="primary">
            Add the key
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface ByLanguageProps {
  editing: Editing;
  texts: Record<string, string>;
  set: (texts: Record<string, string>) => void;
}

function ByLanguage({ editing, texts, set }: ByLanguageProps): JSX.Element {
  return (
    <>
      {languagesOf(editing).map((language) => (
        <label key={language}>
          In {languageName(language)}
          <textarea rows={2} lang={language} value={texts[language] ?? ""} onInput={(event) => set({ ...texts, [language]: event.currentTarget.value })} />
        </label>
      ))}
    </>
  );
}
