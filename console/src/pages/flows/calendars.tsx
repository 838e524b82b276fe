// Opening hours that flows ask: what each calendar says now, and the way to close one for now without publishing anything: with
// a message, until a time, and open again by itself. Nothing is done without a second press.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, get, part, put, session, words } from "../../api/client";
import type { ClosureMessages, Page } from "../../api/types";
import { announceNow } from "../../ui/announce";
import { momentSoon } from "../../ui/time";
import { Refusal } from "../../ui/refusal";
import type { Calendar } from "./shapes";

/** How often it is read again, in milliseconds. */
const AGAIN = 10_000;
const LONGEST_REASON = 120;
const LONGEST_MESSAGE = 500;

/** The server decides; this only hides what would be refused. */
const may = (): boolean => ["admin", "supervisor", "publisher"].includes(session.value?.user.role ?? "");

const SAYS: Record<string, string> = { open: "open", closed: "closed", holiday: "closed: a holiday", emergency: "closed by hand" };

export function Calendars(): JSX.Element | null {
  const [items, setItems] = useState<Calendar[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const load = (): void => {
    get<Page<Calendar>>("/calendars").then(
      (page) => {
        setItems(page.items);
        setProblem(null);
      },
      (error: unknown) => setProblem(words(error)),
    );
  };
  useEffect(() => {
    load();
    const timer = setInterval(load, AGAIN);
    return () => clearInterval(timer);
  }, []);
  if (items?.length === 0) return null;
  return (
    <section class="stack tight" aria-labelledby="calendars">
      <h2 id="calendars">Opening hours</h2>
      <Refusal words={problem} />
      {items !== null && <Table items={items} done={load} />}
    </section>
  );
}

function Table({ items, done }: { items: Calendar[]; done: () => void }): JSX.Element {
  return (
    <div class="card scroll-x" tabIndex={0} role="region" aria-labelledby="calendars">
      <table>
        <thead>
          <tr>
            <th scope="col">Calendar</th>
            <th scope="col">Now</th>
            <th scope="col">By hand</th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={`${one.flow ?? ""} ${one.name}`}>
              <td>
                {one.name}
                <div class="small soft">{one.flow == null ? "of the company" : `of the flow ${one.flow}`}</div>
              </td>
              <td>
                <span class={one.now === "open" ? "chip good" : "chip warn"}>{SAYS[one.now] ?? one.now}</span>
              </td>
              <td>
                <ByHand calendar={one} done={done} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ByHand({ calendar, done }: { calendar: Calendar; done: () => void }): JSX.Element {
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { closure, name } = calendar;
  const open = async (): Promise<void> => {
    setProblem(null);
    try {
      await ask("DELETE", `/calendars/${part(name)}/closure`);
      announceNow(`${name} is as its hours say again.`);
      done();
    } catch (error) {
      setProblem(words(error));
    }
  };
  return (
    <div class="stack tight">
      {closure != null && (
        <p>
          Closed until {momentSoon(closure.until)} by {closure.by}: {closure.reason}
        </p>
      )}
      {may() && (
        <div class="row">
          <button type="button" class="small" aria-label={closure == null ? `Close now: ${name}` : `Change the closing: ${name}`} onClick={() => setAsking(true)}>
            {closure == null ? "Close now" : "Change the closing"}
          </button>
          {closure != null && (
            <button type="button" class="small" aria-label={`Open again: ${name}`} onClick={() => void open()}>
              Open again
            </button>
          )}
        </div>
      )}
      <Refusal words={problem} />
      {asking && (
        <CloseDialog
          calendar={calendar}
          done={done}
          onClose={() => {
            setAsking(false);
          }}
        />
      )}
    </div>
  );
}

const SPANS: [string, string, number][] = [
  ["30", "For 30 minutes", 30],
  ["60", "For 1 hour", 60],
  ["120", "For 2 hours", 120],
  ["480", "For 8 hours", 480],
];

interface Chosen {
  span: string;
  time: string;
  /** What callers hear: nothing of its own, a prompt, or words. */
  heard: "flow" | "prompt" | "words";
  prompt: string;
  text: string;
  reason: string;
}

/** What is asked for, or why it cannot be. */
function wanted(chosen: Chosen): { until: string; message: object | null; reason: string } | string {
  const minutes = SPANS.find(([value]) => value === chosen.span)?.[2];
  const until = minutes === undefined ? new Date(chosen.time) : new Date(Date.now() + minutes * 60_000);
  if (Number.isNaN(until.getTime())) return "Say until when.";
  if (until.getTime() <= Date.now()) return "That time has passed already.";
  if (chosen.heard === "prompt" && chosen.prompt === "") return "Choose what callers are to hear.";
  if (chosen.heard === "words" && chosen.text.trim() === "") return "Write what callers are to hear.";
  if (chosen.reason.trim() === "") return "Give a reason for your colleagues.";
  const message = { flow: null, prompt: { prompt: chosen.prompt }, words: { words: chosen.text.trim() } }[chosen.heard];
  return { until: until.toISOString(), message, reason: chosen.reason.trim() };
}

function CloseDialog({ calendar, done, onClose }: { calendar: Calendar; done: () => void; onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const busy = useRef(false);
  const [offered, setOffered] = useState<ClosureMessages | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [chosen, setChosen] = useState<Chosen>({ span: "60", time: "", heard: "flow", prompt: "", text: "", reason: calendar.closure?.reason ?? "" });
  const change = (part: Partial<Chosen>): void => setChosen({ ...chosen, ...part });
  useEffect(() => {
    dialog.current?.showModal();
    get<ClosureMessages>("/closure-messages").then(setOffered, (error: unknown) => setProblem(words(error)));
  }, []);
  const confirm = async (): Promise<void> => {
    const body = wanted(chosen);
    if (typeof body === "string") return setProblem(body);
    if (busy.current) return;
    busy.current = true;
    try {
      await put(`/calendars/${part(calendar.name)}/closure`, body);
      announceNow(`${calendar.name} is closed from the next call on.`);
      done();
      dialog.current?.close();
    } catch (error) {
      setProblem(words(error));
    }
    busy.current = false;
  };
  return (
    <dialog ref={dialog} aria-labelledby="close-calendar" onClose={onClose}>
      <form
        class="stack tight"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <h2 id="close-calendar">Close {calendar.name} now</h2>
        <p class="soft">The next caller on hears that nobody is there. Nothing is published, calls that are on go on as they are, and it opens again by itself.</p>
        <label>
          How long
          <select value={chosen.span} autoFocus onChange={(event) => change({ span: event.currentTarget.value })}>
            {SPANS.map(([value, word]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
            <option value="time">Until a time, 7 days ahead at most…</option>
          </select>
        </label>
        {chosen.span === "time" && (
          <label>
            Until
            <input type="datetime-local" value={chosen.time} onInput={(event) => change({ time: event.currentTarget.value })} />
          </label>
        )}
        <Heard chosen={chosen} offered={offered} change={change} />
        <label>
          Reason, for your colleagues
          <input value={chosen.reason} maxLength={LONGEST_REASON} onInput={(event) => change({ reason: event.currentTarget.value })} />
        </label>
        <Refusal words={problem} />
        <div class="row">
          <button type="submit" class="primary">
            Close it
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** What callers hear first. */
function Heard({ chosen, offered, change }: { chosen: Chosen; offered: ClosureMessages | null; change: (part: Partial<Chosen>) => void }): JSX.Element {
  return (
    <>
      <label>
        Callers hear
        <select value={chosen.heard} onChange={(event) => change({ heard: event.currentTarget.value as Chosen["heard"] })}>
          <option value="flow">what their flow says when it is closed</option>
          <option value="prompt" disabled={(offered?.prompts.length ?? 0) === 0}>
            a recording first
          </option>
          <option value="words" disabled={offered?.speech !== true}>
            words that I write, first
          </option>
        </select>
      </label>
      {chosen.heard === "words" && (
        <label>
          Words, in the language of the menu
          <textarea value={chosen.text} maxLength={LONGEST_MESSAGE} onInput={(event) => change({ text: event.currentTarget.value })} />
        </label>
      )}
      {chosen.heard === "prompt" && (
        <label>
          Which recording
          <select value={chosen.prompt} onChange={(event) => change({ prompt: event.currentTarget.value })}>
            <option value="">Choose…</option>
            {(offered?.prompts ?? []).map((prompt) => (
              <option key={prompt} value={prompt}>
                {prompt.replace(/\.wav$/, "").replaceAll("-", " ")}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}
