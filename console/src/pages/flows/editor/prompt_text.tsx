// What callers hear at a step: which prompt, and its words in each language.
import type { JSX } from "preact";
import type { Change } from "./fields";
import type { Editing } from "./model";

interface Props {
  editing: Editing;
  value: unknown;
  change: Change;
  says: string;
}

const LANGUAGES = new Intl.DisplayNames(undefined, { type: "language" });

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
export function PromptWords({ editing, name }: { editing: Editing; name: string }): JSX.Element {
  const parts = editing.good.value?.outline?.prompts.find((prompt) => prompt.name === name)?.parts ?? {};
  const used = editing.text.value.split(new RegExp(`\\b${name.replace(/[^\w]/g, "\\$&")}\\b`)).length - 1;
  return (
    <>
      {parts["file"] !== undefined && <p class="small soft">Plays the file {parts["file"]}.</p>}
      {languagesOf(editing).map((language) => (
        <label key={language}>
          In {languageName(language)}
          <textarea
            rows={2}
            lang={language}
            value={parts[language] ?? ""}
            disabled={!editing.writes}
            onChange={(event) => void editing.operate([{ op: "set_prompt", name, part: language, text: event.currentTarget.value.trim() === "" ? null : event.currentTarget.value.trim() }])}
          />
        </label>
      ))}
      {used > 2 && <p class="small soft">This prompt is used in several places: its words change in all of them.</p>}
    </>
  );
}
