// What callers hear at a step: which prompt, and its words in each language.
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Change } from "./fields";
import type { Editing } from "./model";
import { Recording } from "./recording";

interface Props {
  editing: Editing;
  value: unknown;
  change: Change;
  says: string;
}

const LANGUAGES = new Intl.DisplayNames("en", { type: "language" });

export function languageName(tag: string): string {
  try {
    return LANGUAGES.of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** Languages that the flow offers; its own comes first. */
export function languagesOf(editing: Editing): string[] {
  const outline = editing.good.value?.outline;
  const own = outline?.default_language ?? "en";
  return [own, ...(outline?.languages ?? []).filter((one) => one !== own)];
}

export function PromptText({ editing, value, change, says }: Props): JSX.Element {
  const prompts = editing.good.value?.outline?.prompts ?? [];
  const off = !editing.writes;
  if (typeof value !== "string") {
    const several = value === undefined || value === null ? "nothing yet" : JSON.stringify(value);
    return (
      <label>
        What callers hear
        {value == null && !off ? (
          <select value="" onChange={(event) => void change(event.currentTarget.value)}>
            <option value="">Choose a prompt…</option>
            {prompts.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        ) : (
          <span class="small">
            <code>{several}</code> <span class="soft">(change it in the text)</span>
          </span>
        )}
      </label>
    );
  }
  return (
    <fieldset class="stack tight">
      <legend>What callers hear</legend>
      <label>
        Prompt
        <select value={value} disabled={off} onChange={(event) => void change(event.currentTarget.value)}>
          {!prompts.some(({ name }) => name === value) && <option value={value}>{value}</option>}
          {prompts.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <span class="small soft">{says}</span>
      </label>
      <PromptWords editing={editing} name={value} />
    </fieldset>
  );
}

/** The words of a prompt, one field for each language that is offered. */
export function PromptWords({ editing, name, recorded }: { editing: Editing; name: string; recorded?: () => void }): JSX.Element {
  const parts = editing.good.value?.outline?.prompts.find((prompt) => prompt.name === name)?.parts ?? {};
  const used = editing.text.value.split(new RegExp(`\\b${name.replace(/[^\w]/g, "\\$&")}\\b`)).length - 1;
  return (
    <>
      {parts["file"] !== undefined && <p class="small soft">Plays the file {parts["file"]}.</p>}
      {languagesOf(editing).map((language) => (
        <div key={language} class="stack tight">
          <label>
            In {languageName(language)}
            <WordsOf editing={editing} name={name} language={language} text={parts[language] ?? ""} />
          </label>
          {parts["file"] === undefined && <Recording language={language} name={name} changed={recorded} />}
        </div>
      ))}
      {used > 2 && <p class="small soft">This prompt is used in several places: its words change in all of them.</p>}
    </>
  );
}

/** A pause in typing after which the words are in the text, in milliseconds. */
const PAUSE = 600;

interface WordsProps {
  editing: Editing;
  name: string;
  language: string;
  text: string;
}

/** What is typed stands in the text after a pause, and at once when the field is left. */
function WordsOf({ editing, name, language, text }: WordsProps): JSX.Element {
  const [typed, setTyped] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const commit = (to: string): void => {
    clearTimeout(timer.current);
    const wanted = to.trim() === "" ? null : to.trim();
    if (wanted === (text === "" ? null : text)) return setTyped(null);
    void editing.operate([{ op: "set_prompt", name, part: language, text: wanted }]);
  };
  return (
    <textarea
      rows={2}
      lang={language}
      value={typed ?? text}
      disabled={!editing.writes}
      onInput={(event) => {
        const to = event.currentTarget.value;
        setTyped(to);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => commit(to), PAUSE);
      }}
      onBlur={(event) => {
        commit(event.currentTarget.value);
        setTyped(null);
      }}
    />
  );
}
