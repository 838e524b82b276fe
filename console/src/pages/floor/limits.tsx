// From where on a number of the floor needs a look, and from where on somebody has to act: the company's for each queue,
// unless this machine has its own, so that a wallboard may differ.
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { QueueLive, Steps } from "../../api/types";
import { queues } from "../../live/client";
import { announce } from "../../ui/announce";
import { forget, load, save } from "../../ui/settings";
import { Refusal } from "../../ui/refusal";

/** Look here, act now. */
type Pair = readonly [number, number];

export interface Limits {
  /** Callers who wait: more than available agents by this, and in all. */
  waiting: Pair;
  /** Seconds of the longest wait. */
  longest: Pair;
  /** Percent; below. */
  service: Pair;
}

const DELIVERED: Limits = { waiting: [3, 10], longest: [60, 120], service: [80, 70] };

const isPair = (value: unknown): value is Pair => Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "number" && Number.isFinite(one));

/** What an older page or somebody's hand left behind is not believed. */
function read(): Limits | null {
  const kept = load<Partial<Record<keyof Limits, unknown>> | null>("limits", null);
  if (kept === null || typeof kept !== "object") return null;
  const { waiting, longest, service } = kept;
  return isPair(waiting) && isPair(longest) && isPair(service) ? { waiting, longest, service } : null;
}

/** This machine's own; `null`: each queue has the company's. */
export const own = signal<Limits | null>(read());

/** The company's for a queue. */
function companys(queue: QueueLive | undefined): Limits {
  const says = queue?.thresholds;
  if (says === undefined) return DELIVERED;
  const pair = ({ warning, critical }: Steps, times = 1): Pair => [Math.round(warning * times), Math.round(critical * times)];
  return { waiting: pair(says.waiting), longest: pair(says.longest_wait), service: pair(says.service_level, 100) };
}

/** Those that hold for a queue here. */
export function limitsOf(queue: QueueLive | undefined): Limits {
  return own.value ?? companys(queue);
}

function set(chosen: Limits | null): void {
  own.value = chosen;
  if (chosen === null) forget("limits");
  else save("limits", chosen);
}

const ROWS: { name: keyof Limits; word: string; unit: string; most: number; falls?: boolean }[] = [
  { name: "waiting", word: "Waiting", unit: "callers", most: 1000 },
  { name: "longest", word: "Longest wait", unit: "seconds", most: 3600 },
  { name: "service", word: "Service level below", unit: "%", most: 100, falls: true },
];

/** Why these cannot be kept; none when they can. */
function wrong(chosen: Limits): string | null {
  for (const { name, word, most, falls } of ROWS) {
    const [look, act] = chosen[name];
    if (![look, act].every((one) => Number.isInteger(one) && one >= 1 && one <= most)) return `${word}: whole numbers from 1 to ${most}.`;
    if (falls === true ? act >= look : act <= look) return `${word}: “act now” has to be ${falls === true ? "below" : "above"} “look here”.`;
  }
  return null;
}

export function LimitsDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [chosen, setChosen] = useState(limitsOf(queues.value?.[0]));
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const change = (name: keyof Limits, place: 0 | 1, value: number): void => {
    const [look, act] = chosen[name];
    setChosen({ ...chosen, [name]: place === 0 ? [value, act] : [look, value] });
  };
  return (
    <dialog ref={dialog} aria-labelledby="limits-title" onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const why = wrong(chosen);
          setProblem(why);
          if (why !== null) return;
          set(chosen);
          dialog.current?.close();
        }}
      >
        <h2 id="limits-title">Thresholds</h2>
        <p class="soft">
          {own.value === null ? "Each queue has the company's now. What you keep here holds for all queues in this browser alone." : "This browser has its own, for all queues."}
        </p>
        <p class="soft">Waiting: “look here” counts callers beyond the available agents, “act now” all who wait.</p>
        {ROWS.map(({ name, word, unit }) => (
          <fieldset key={name} class="row limits">
            <legend>
              {word} ({unit})
            </legend>
            {(["look here", "act now"] as const).map((level, place) => (
              <label key={level}>
                {place === 0 ? "Look here" : "Act now"}
                <input type="number" inputMode="numeric" value={chosen[name][place]} aria-label={`${word}, ${level}`} onInput={(event) => change(name, place === 0 ? 0 : 1, event.currentTarget.valueAsNumber)} />
              </label>
            ))}
          </fieldset>
        ))}
        <Refusal words={problem} />
        <div class="row">
          <button type="submit" class="primary">
            Keep
          </button>
          <button
            type="button"
            disabled={own.value === null}
            onClick={() => {
              set(null);
              announce("Each queue has the company's thresholds again.");
              dialog.current?.close();
            }}
          >
            As the company has them
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
        </div>
      </form>
    </dialog>
  );
}
