// A number with its name, its level in colour and word, and its definition a click away.
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import type { QueueLive } from "../../api/types";
import { Icon } from "../../ui/icons";
import { definition, LEVEL_WORDS, type Level, type Measure } from "./rules";

interface Props {
  queue: QueueLive;
  word: string;
  measure: Measure;
  value: string;
  detail?: string;
  level?: Level;
}

export function Stat({ queue, word, measure, value, detail = "", level = "plain" }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  const id = useId();
  const says = LEVEL_WORDS[level];
  return (
    <div class={`stat ${level}`}>
      <div class="row between stat-head">
        <span class="stat-word">{word}</span>
        <button
          type="button"
          class="quiet help"
          aria-expanded={open}
          aria-controls={id}
          aria-label={`What is “${word}”?`}
          onClick={() => setOpen(!open)}
          onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
        >
          <Icon name="help" />
        </button>
      </div>
      <p class="stat-value n">
        {value} {detail !== "" && <span class="stat-detail">{detail}</span>}
      </p>
      {says !== "" && level !== "good" && (
        <p class="stat-level">
          <Icon name="warn" /> {says}
        </p>
      )}
      <p id={id} class="definition" hidden={!open}>
        {definition(measure, queue)}
      </p>
    </div>
  );
}
