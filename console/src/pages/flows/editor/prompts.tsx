// The prompts of the flow: what callers hear of each in each language, what is missing where, how loud it is, where it is used.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { part, post, words } from "../../../api/client";
import { Refusal } from "../../../ui/refusal";
import type { PromptList } from "../shapes";
import type { Editing } from "./model";
import { languageName, PromptWords } from "./prompt_text";

type Row = PromptList["items"][number];
type State = Row["languages"][number];

const STATES: Record<State["state"], [string, string]> = {
  recorded: ["good", "recorded"],
  partly: ["warn", "partly recorded"],
  spoken: ["", "spoken"],
  missing: ["bad", "missing"],
};

/** What callers are used to; further away is told, in LUFS. */
const LOUDNESS = -19;
const FAR = 3;

const missing = (row: Row): boolean => row.languages.some(({ state }) => state === "missing");

export function PromptsPane({ editing }: { editing: Editing }): JSX.Element {
  const [list, setList] = useState<PromptList | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const [only, setOnly] = useState(false);
  const text = editing.text.value;
  const look = (): void => {
    post<PromptList>(`/flows/${part(editing.name)}/prompts`, { text }).then(
      (found) => {
        setList(found);
        setProblem(null);
      },
      (error: unknown) => setProblem(words(error)),
    );
  };
  useEffect(() => {
    const timer = setTimeout(look, 300);
    return () => clearTimeout(timer);
  }, [editing.name, text]);
  const rows = list?.items ?? [];
  const shown = only ? rows.filter(missing) : rows;
  const gaps = rows.filter(missing).length;
  return (
    <div class="stack">
      <div class="row between">
        <p class="small soft" role="status">
          {list === null ? "Loading…" : `${rows.length} prompts. ${gaps === 0 ? "Nothing is missing." : `${gaps} ${gaps === 1 ? "is" : "are"} missing in a language.`}`}
        </p>
        <label class="row small">
          <input type="checkbox" checked={only} onChange={(event) => setOnly(event.currentTarget.checked)} />
          Only what is missing
        </label>
      </div>
      <Refusal words={problem} />
      {list?.words.map(({ language, recorded, of }) => (
        <p key={language} class="small soft">
          Single words for numbers, days and the like in {languageName(language)}: {recorded} of {of} recorded.
        </p>
      ))}
      <ul class="flow-prompts">
        {shown.map((row) => (
          <PromptRow key={row.name} editing={editing} row={row} open={open === row.name} toggle={() => setOpen(open === row.name ? null : row.name)} recorded={look} />
        ))}
      </ul>
    </div>
  );
}

interface RowProps {
  editing: Editing;
  row: Row;
  open: boolean;
  toggle: () => void;
  recorded: () => void;
}

function PromptRow({ editing, row, open, toggle, recorded }: RowProps): JSX.Element {
  return (
    <li class="stack tight">
      <button type="button" class="quiet flow-prompt-name" aria-expanded={open} onClick={toggle}>
        {row.name}
      </button>
      <ul class="flow-prompt-states small">
        {row.languages.map((one) => (
          <li key={one.language}>
            {languageName(one.language)} <span class={`chip ${STATES[one.state][0]}`}>{STATES[one.state][1]}</span> <Loudness state={one} />
          </li>
        ))}
      </ul>
      {open && (
        <div class="stack tight">
          <p class="small soft">{row.used.length === 0 ? "No step names it" : "Used in "}
            {row.used.map((path, place) => {
              const [, , block, step] = path.split("/");
              return (
                <span key={path}>
                  {place > 0 && ", "}
                  <button type="button" class="link" onClick={() => (editing.at.value = path)}>
                    {block} {Number(step) + 1}
                  </button>
                </span>
              );
            })}
            {row.elsewhere > 0 && (row.used.length === 0 ? ", but queues or defaults do" : ", and by queues or defaults")}.
          </p>
          <PromptWords editing={editing} name={row.name} recorded={recorded} />
        </div>
      )}
    </li>
  );
}

function Loudness({ state }: { state: State }): JSX.Element | null {
  const lufs = state.lufs ?? null;
  if (lufs === null) return null;
  const far = lufs < LOUDNESS - FAR ? "softer than the others" : lufs > LOUDNESS + FAR ? "louder than the others" : null;
  return (
    <span class="soft">
      {(state.lasts_ms / 1000).toFixed(1)} s, {lufs.toFixed(0).replace("-", "−")} LUFS{far === null ? "" : `: ${far}`}
    </span>
  );
}
