// A queue that is closed for now: what its card says, and the dialog that closes it. Nothing is done without a second
// press.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, get, part, put, session, words } from "../../api/client";
import type { ClosureMessages, QueueLive } from "../../api/types";
import { announceNow } from "../../ui/announce";
import { Icon } from "../../ui/icons";
import { momentSoon } from "../../ui/time";
import { Refusal } from "../../ui/refusal";

const LONGEST_REASON = 120;
const LONGEST_MESSAGE = 500;

const may = (): boolean => ["supervisor", "admin"].includes(session.value?.user.role ?? "");

/** Beside the queue's name: the way to close it. */
export function CloseButton({ queue }: { queue: QueueLive }): JSX.Element | null {
  const [open, setOpen] = useState(false);
  if (!may()) return null;
  const closed = queue.closure != null;
  return (
    <>
      <button type="button" class="small" aria-label={`${closed ? "Change the closing of" : "Close"} queue ${queue.name}`} onClick={() => setOpen(true)}>
        {closed ? "Change…" : "Close…"}
      </button>
      {open && <CloseDialog queue={queue} onClose={() => setOpen(false)} />}
    </>
  );
}

/** Until when, by whom and why it is closed, and the way to open it. */
export function ClosedNotice({ queue, tv }: { queue: QueueLive; tv: boolean }): JSX.Element | null {
  const [problem, setProblem] = useState<string | null>(null);
  const closure = queue.closure;
  if (closure == null) return null;
  const open = async (): Promise<void> => {
    setProblem(null);
    try {
      await ask("DELETE", `/queues/${part(queue.name)}/closure`);
      announceNow(`Queue ${queue.name} is open.`);
    } catch (error) {
      setProblem(words(error));
    }
  };
  const until = closure.until == null ? "until somebody reopens it" : `until ${momentSoon(closure.until)}`;
  return (
    <div class="notice warn row between closed">
      <p>
        <Icon name="warn" /> <strong>Closed {until}</strong> by {closure.by}: {closure.reason}.{" "}
        {closure.waiting === "end" ? "Nobody waits." : "Those who waited are served."}
      </p>
      {!tv && may() && (
        <button type="button" class="small" aria-label={`Reopen queue ${queue.name}`} onClick={() => void open()}>
          Reopen
        </button>
      )}
      {problem !== null && <p role="alert">{problem}</p>}
    </div>
  );
}

const SPANS: { value: string; word: string; minutes: number | null }[] = [
  { value: "open", word: "Until somebody reopens it", minutes: null },
  { value: "30", word: "For 30 minutes", minutes: 30 },
  { value: "60", word: "For 1 hour", minutes: 60 },
  { value: "120", word: "For 2 hours", minutes: 120 },
];

/** The moment that was chosen; `undefined` when there is none yet. */
function momentOf(span: string, time: string): string | null | undefined {
  if (span === "time") {
    const at = new Date(time);
    return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
  }
  const minutes = SPANS.find(({ value }) => value === span)?.minutes ?? null;
  return minutes === null ? null : new Date(Date.now() + minutes * 60_000).toISOString();
}

/** As the field for a time has it: in this machine's zone, to the minute. */
function localInput(text: string | null | undefined): string {
  if (text == null) return "";
  const at = new Date(text);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

interface Chosen {
  span: string;
  time: string;
  spoken: boolean;
  prompt: string;
  text: string;
  waiting: "serve" | "end";
  reason: string;
}

/** Why this cannot be asked; none when it can. */
function wrong(chosen: Chosen): string | null {
  if (chosen.spoken ? chosen.text.trim() === "" : chosen.prompt === "") return "Say what callers are to hear.";
  if (chosen.reason.trim() === "") return "Give a reason for your colleagues.";
  const until = momentOf(chosen.span, chosen.time);
  if (until === undefined) return "Say until when.";
  return until !== null && Date.parse(until) <= Date.now() ? "That time has passed already." : null;
}

function CloseDialog({ queue, onClose }: { queue: QueueLive; onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const before = queue.closure ?? null;
  const [offered, setOffered] = useState<ClosureMessages | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [chosen, setChosen] = useState<Chosen>({
    span: before === null ? "60" : before.until == null ? "open" : "time",
    time: localInput(before?.until),
    spoken: before?.message.words != null,
    prompt: before?.message.prompt ?? "",
    text: before?.message.words ?? "",
    waiting: before?.waiting === "end" ? "end" : "serve",
    reason: before?.reason ?? "",
  });
  const change = (part: Partial<Chosen>): void => setChosen({ ...chosen, ...part });
  useEffect(() => {
    dialog.current?.showModal();
    get<ClosureMessages>("/closure-messages").then(setOffered, (error: unknown) => setProblem(words(error)));
  }, []);
  const confirm = async (): Promise<void> => {
    const why = wrong(chosen);
    setProblem(why);
    if (why !== null) return;
    setBusy(true);
    const { spoken, text, prompt, waiting, reason } = chosen;
    const message = spoken ? { words: text.trim() } : { prompt };
    try {
      await put(`/queues/${part(queue.name)}/closure`, { until: momentOf(chosen.span, chosen.time), message, waiting, reason: reason.trim() });
      announceNow(`Queue ${queue.name} is closed.`);
      dialog.current?.close();
    } catch (error) {
      setProblem(words(error));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="close-title" onClose={onClose}>
      <form
        class="stack tight"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <h2 id="close-title">Close queue {queue.name}</h2>
        <p class="soft">From now on callers hear a message and go on as their menu says for a closed queue.</p>
        <label>
          How long
          <select value={chosen.span} autoFocus onChange={(event) => change({ span: event.currentTarget.value })}>
            {SPANS.map(({ value, word }) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
            <option value="time">Until a time…</option>
          </select>
        </label>
        {chosen.span === "time" && (
          <label>
            Until
            <input type="datetime-local" value={chosen.time} onInput={(event) => change({ time: event.currentTarget.value })} />
          </label>
        )}
        <Heard chosen={chosen} offered={offered} change={change} />
        <fieldset class="choice">
          <legend>Callers who wait already ({queue.waiting})</legend>
          <label class="tick">
            <input type="radio" name="waiting" checked={chosen.waiting === "serve"} onChange={() => change({ waiting: "serve" })} />
            Let them be served
          </label>
          <label class="tick">
            <input type="radio" name="waiting" checked={chosen.waiting === "end"} onChange={() => change({ waiting: "end" })} />
            End their wait with the message too
          </label>
        </fieldset>
        <label>
          Reason, for your colleagues
          <input value={chosen.reason} maxLength={LONGEST_REASON} onInput={(event) => change({ reason: event.currentTarget.value })} />
        </label>
        <Refusal words={problem} />
        <div class="row">
          <button type="submit" class="primary" disabled={busy}>
            Close the queue
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** A prompt of the company, or words where something can speak them. */
function Heard({ chosen, offered, change }: { chosen: Chosen; offered: ClosureMessages | null; change: (part: Partial<Chosen>) => void }): JSX.Element {
  return (
    <>
      {offered?.speech === true && (
        <fieldset class="choice">
          <legend>Callers hear</legend>
          <label class="tick">
            <input type="radio" name="heard" checked={!chosen.spoken} onChange={() => change({ spoken: false })} />
            A prompt
          </label>
          <label class="tick">
            <input type="radio" name="heard" checked={chosen.spoken} onChange={() => change({ spoken: true })} />
            Words that are spoken
          </label>
        </fieldset>
      )}
      {chosen.spoken ? (
        <label>
          Words, in the language of the menu
          <textarea value={chosen.text} maxLength={LONGEST_MESSAGE} onInput={(event) => change({ text: event.currentTarget.value })} />
        </label>
      ) : (
        <label>
          Which prompt
          <select value={chosen.prompt} disabled={offered === null} onChange={(event) => change({ prompt: event.currentTarget.value })}>
            <option value="">{offered === null ? "Loading…" : offered.prompts.length === 0 ? "There is no prompt in every language" : "Choose…"}</option>
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
