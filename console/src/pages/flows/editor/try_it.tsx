// A call through the text as it stands, without a phone: keys, waiting, agents, opening hours, and what callers hear.
// The server rehearses the whole call each time; nobody outside is asked.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, listen, part, post, words } from "../../../api/client";
import type { Page } from "../../../api/types";
import { announce } from "../../../ui/announce";
import { Refusal } from "../../../ui/refusal";
import type { Tried } from "../shapes";
import { CallDraft } from "./call_draft";
import type { DraftCall } from "./draft_call";
import type { Caller, Editing } from "./model";
import { languagesOf } from "./prompt_text";
import { asTest, withTest } from "./test_text";
import { Transcript } from "./transcript";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export function TryPane({ editing, call }: { editing: Editing; call: DraftCall }): JSX.Element {
  const { lines, caller } = editing.trial.value;
  const setLines = (to: string[]): void => void (editing.trial.value = { caller, lines: to });
  const setCaller = (to: Caller): void => void (editing.trial.value = { caller: to, lines });
  const [tried, setTried] = useState<Tried | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const calendars = editing.calendars.value;
  const asked = useRef(0);
  const text = editing.text.value;
  useEffect(() => {
    get<Page<{ name: string }>>("/calendars").then(
      ({ items }) => (editing.calendars.value = items.map(({ name }) => name)),
      () => undefined,
    );
  }, []);
  useEffect(() => {
    const mine = (asked.current += 1);
    const timer = setTimeout(() => {
      post<Tried>(`/flows/${part(editing.name)}/try`, editing.tried()).then(
        (answer) => {
          if (mine !== asked.current) return;
          setTried(answer);
          setProblem(null);
          if (answer.step != null) editing.at.value = answer.step;
          else if (answer.block != null) editing.at.value = `/blocks/${answer.block}`;
        },
        (error: unknown) => {
          if (mine === asked.current) setProblem(words(error));
        },
      );
    }, 100);
    return () => clearTimeout(timer);
  }, [text, lines, caller, calendars]);
  const does = (line: string): void => setLines([...lines, line]);
  return (
    <div class="stack flow-try">
      <Who caller={caller} set={setCaller} editing={editing} />
      <Refusal words={problem} />
      <Transcript tried={tried} hear={(moment) => listen(`/flows/${part(editing.name)}/try/sound`, { ...editing.tried(), moment })} />
      {tried !== null && !tried.over && <Keypad does={does} waits={tried.waits_for} />}
      {tried?.over === true && <p class="small soft">The call is over.</p>}
      <div class="row">
        <button type="button" class="small" disabled={lines.length === 0} onClick={() => setLines(lines.slice(0, -1))}>
          Take the last back
        </button>
        <button type="button" class="small" disabled={lines.length === 0} onClick={() => setLines([])}>
          Call again
        </button>
        {editing.writes && tried !== null && <SaveTest editing={editing} lines={lines} caller={caller} calendars={calendars} tried={tried} />}
      </div>
      <CallDraft editing={editing} call={call} />
    </div>
  );
}

/** What somebody chose as day and time, by the clock of their own browser. */
function rfc3339(local: string): string {
  const time = new Date(local);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}

function Who({ caller, set, editing }: { caller: Caller; set: (caller: Caller) => void; editing: Editing }): JSX.Element {
  return (
    <div class="row">
      <label>
        Opening hours
        <select value={caller.hours} onChange={(event) => set({ ...caller, hours: event.currentTarget.value as Caller["hours"] })}>
          <option value="open">open</option>
          <option value="closed">closed</option>
          <option value="holiday">holiday</option>
          <option value="emergency">closed by hand</option>
          <option value="">as the clock says</option>
        </select>
      </label>
      <label>
        When
        <input type="datetime-local" onChange={(event) => set({ ...caller, at: rfc3339(event.currentTarget.value) })} />
      </label>
      <label>
        From the number
        <input type="tel" value={caller.from} placeholder="withheld" onChange={(event) => set({ ...caller, from: event.currentTarget.value })} />
      </label>
      <label>
        Who calls
        <input value={caller.name} placeholder="nobody who is known" onChange={(event) => set({ ...caller, name: event.currentTarget.value })} />
      </label>
      {caller.name.trim() !== "" && (
        <label>
          Their language
          <select value={caller.language} onChange={(event) => set({ ...caller, language: event.currentTarget.value })}>
            <option value="">not known</option>
            {languagesOf(editing).map((language) => (
              <option key={language}>{language}</option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

/** What can happen besides keys, by what the flow waits for. */
const HAPPENS: Record<string, [string, string][]> = {
  agent: [
    ["agent", "An agent answers"],
    ["timeout", "Nobody comes"],
    ["full", "The queue is full"],
  ],
  server: [
    ["http 200 {}", "The server answers"],
    ["http 404", "The server knows nothing of it"],
    ["http timeout", "The server does not answer"],
  ],
};

function Keypad({ does, waits }: { does: (line: string) => void; waits: string }): JSX.Element {
  const [other, setOther] = useState("");
  return (
    <div class="stack tight">
      <div class="flow-keypad" role="group" aria-label="Keypad">
        {KEYS.map((key) => (
          <button key={key} type="button" onClick={() => does(key)}>
            {key}
          </button>
        ))}
      </div>
      <div class="row">
        <button type="button" class="small" onClick={() => does("")}>
          Say and do nothing
        </button>
        <button type="button" class="small" onClick={() => does("+30s")}>
          Wait 30 s
        </button>
        {(HAPPENS[waits] ?? []).map(([line, word]) => (
          <button key={line} type="button" class="small" onClick={() => does(line)}>
            {word}
          </button>
        ))}
        <button type="button" class="small" onClick={() => does("left")}>
          The agent leaves
        </button>
        <button type="button" class="small" onClick={() => does("bye")}>
          Hang up
        </button>
      </div>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (other.trim() !== "") does(other.trim());
          setOther("");
        }}
      >
        <input aria-label="Several keys, or what else happens" placeholder="123452, http 200 {…}, place 3 2m" value={other} onInput={(event) => setOther(event.currentTarget.value)} />
        <button type="submit" class="small">
          Do it
        </button>
      </form>
    </div>
  );
}

interface SaveProps {
  editing: Editing;
  lines: string[];
  caller: Caller;
  calendars: string[];
  tried: Tried;
}

function SaveTest({ editing, lines, caller, calendars, tried }: SaveProps): JSX.Element {
  const [problem, setProblem] = useState<string | null>(null);
  const save = (): void => {
    const test = asTest(editing.name, lines, caller, calendars, tried);
    if (typeof test !== "string") return setProblem(test.why);
    setProblem(null);
    editing.typeTests(withTest(editing.name, editing.tests.value, test));
    announce("Saved as a test. It runs before every publish.");
  };
  return (
    <>
      <button type="button" class="small" disabled={lines.length === 0} onClick={save}>
        Save as a test
      </button>
      <Refusal words={problem} />
    </>
  );
}
