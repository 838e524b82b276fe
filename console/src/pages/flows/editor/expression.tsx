// An expression in a form: typed, or begun from an example, with what it is worth in the call of the trial.
import type { JSX } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { part, post, words } from "../../../api/client";
import type { Worth } from "../shapes";
import type { Editing } from "./model";

/** Who writes their first one begins with one of these. */
const EXAMPLES: [string, string][] = [
  ['customer.known', "the caller is a customer on record"],
  ['customer.tier == "gold"', "what the customer's record says"],
  ['call.language == "es"', "the language the caller chose"],
  ['call.from.startsWith("+34")', "where they call from"],
  ["queue.position > 5", "their place in the queue"],
  ["queue.ewt_minutes > 10", "the minutes they will wait"],
  ['vars.reason == "orders"', "a variable of the flow"],
  ['customer.known && vars.n > 2', "both"],
];

/** A pause in typing after which it is asked, in milliseconds. */
const PAUSE = 250;

interface Props {
  editing: Editing;
  label: string;
  value: string;
  says: string;
  change: (to: string | null) => Promise<boolean>;
}

export function ExpressionInput({ editing, label, value, says, change }: Props): JSX.Element {
  const [typed, setTyped] = useState<string | null>(null);
  const told = useId();
  const off = !editing.writes;
  const shown = typed ?? value;
  const commit = async (to: string): Promise<void> => {
    const wanted = to.trim();
    if (wanted !== value) await change(wanted === "" ? null : wanted);
    // Refused or not: what the text says stands there again.
    setTyped(null);
  };
  return (
    <div class="stack tight flow-expression">
      <label>
        {label}
        <input
          value={shown}
          disabled={off}
          spellcheck={false}
          autocapitalize="off"
          aria-describedby={told}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onChange={(event) => void commit(event.currentTarget.value)}
        />
        {says !== "" && <span class="small soft">{says}</span>}
      </label>
      <p id={told} class="small" aria-live="polite">
        <Value editing={editing} expression={shown} />
      </p>
      {!off && (
        <label class="small">
          Begin from an example
          <select value="" onChange={(event) => void commit(event.currentTarget.value)}>
            <option value="">Choose…</option>
            {EXAMPLES.map(([expression, what]) => (
              <option key={expression} value={expression}>
                {expression}: {what}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

/** What it is worth for whoever calls in Try it, as far as that call has come. */
function Value({ editing, expression }: { editing: Editing; expression: string }): JSX.Element {
  const [worth, setWorth] = useState<Worth | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [text, trial] = [editing.text.value, editing.trial.value];
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(() => {
      if (expression.trim() === "") return setWorth(null);
      post<Worth>(`/flows/${part(editing.name)}/worth`, { ...editing.tried(), expression }).then(
        (found) => {
          if (gone) return;
          setWorth(found);
          setProblem(null);
        },
        (error: unknown) => {
          if (!gone) setProblem(words(error));
        },
      );
    }, PAUSE);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [editing, expression, text, trial]);
  if (expression.trim() === "") return <span class="soft">Nothing yet.</span>;
  if (problem !== null) return <span class="soft">{problem}</span>;
  if (worth === null) return <span class="soft">…</span>;
  if (worth.column != null) return <span class="chip bad">at letter {worth.column}: {worth.why}</span>;
  if (worth.value == null) return <span class="chip warn">no value in the call of Try it: {worth.why}</span>;
  return (
    <span>
      Now <code>{worth.value === "" ? "(empty)" : worth.value}</code> <span class="soft">in the call of Try it</span>
    </span>
  );
}
