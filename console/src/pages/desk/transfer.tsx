// One box that finds colleagues, queues and extensions. Talking first is the usual way; handing on at once is second.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../../api/client";
import type { LiveCall } from "../../api/types";
import { Icon } from "../../ui/icons";
import { clock, since } from "../../ui/time";
import { stateWords } from "../../words";
import { cancelConsult, complete, consult, merge, ownAgent, transfer, type Target } from "./model";

interface Colleague {
  login: string;
  name: string;
  extension?: string;
  state: string;
  since?: string | null;
}

interface Targets {
  agents: Colleague[];
  queues: { name: string; waiting: number; closed?: boolean }[];
}

interface Found {
  target: Target;
  title: string;
  detail: string;
  tone: string;
}

export function TransferBox({ call }: { call: LiveCall }): JSX.Element {
  const [open, setOpen] = useState(false);
  if (call.consult !== null) return <Consulting call={call} />;
  if (!open) {
    return (
      <button type="button" id="transfer-open" onClick={() => setOpen(true)}>
        <Icon name="transfer" /> Transfer or consult…
      </button>
    );
  }
  return <Search onClose={() => setOpen(false)} />;
}

function Consulting({ call }: { call: LiveCall }): JSX.Element {
  const with_ = call.consult?.agent ?? call.consult?.queue ?? call.consult?.number ?? "your colleague";
  const three = call.consult?.state === "merged";
  const talking = three || call.consult?.state === "talking" || call.consult?.state === "connected";
  return (
    <div class="consult stack tight" role="group" aria-label="Consultation">
      <p>
        <strong>{three ? `You, ${with_} and the customer talk` : talking ? `You talk with ${with_}` : `Calling ${with_}…`}</strong>
        <br />
        <span class="soft">{three ? "All three hear each other." : "The customer hears music."}</span>
      </p>
      <div class="controls two">
        <button type="button" class="primary" disabled={!talking} onClick={() => void complete()}>
          Hand over
        </button>
        <button type="button" disabled={!talking || three} onClick={() => void merge()}>
          <Icon name="people" /> All three
        </button>
        <button type="button" class="wide" onClick={() => void cancelConsult()}>
          {three ? `Go on without ${with_}` : "Back to the customer"}
        </button>
      </div>
    </div>
  );
}

function Search({ onClose }: { onClose: () => void }): JSX.Element {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<Found | null>(null);
  const [notes, setNotes] = useState("");
  const [targets, setTargets] = useState<Targets>({ agents: [], queues: [] });
  useEffect(() => {
    document.getElementById("transfer-search")?.focus();
    get<Targets>("/transfer-targets").then(setTargets, () => undefined);
  }, []);
  const found = search(text, targets);
  const finish = (work: Promise<boolean>): void => void work.then((done) => done && onClose());
  return (
    <div
      class="transfer stack tight"
      role="group"
      aria-label="Transfer"
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <label>
        To a colleague, a queue or an extension
        <input
          id="transfer-search"
          autoComplete="off"
          value={chosen?.title ?? text}
          onInput={(event) => {
            setChosen(null);
            setText(event.currentTarget.value);
          }}
        />
      </label>
      {chosen === null ? (
        <ul class="found">
          {found.map((item) => (
            <li key={item.title}>
              <button type="button" onClick={() => setChosen(item)}>
                <span class="grow">{item.title}</span>
                <span class={`chip ${item.tone}`}>{item.detail}</span>
              </button>
            </li>
          ))}
          {found.length === 0 && <li class="soft small">Nobody found. Type an extension or a number.</li>}
        </ul>
      ) : (
        <>
          <label>
            A note for whoever takes the call
            <textarea
              id="transfer-notes"
              rows={2}
              maxLength={1000}
              aria-describedby="transfer-notes-help"
              value={notes}
              onInput={(event) => setNotes(event.currentTarget.value)}
            />
          </label>
          <p id="transfer-notes-help" class="soft small">
            They see it with your name before they answer, and why the customer called. The record keeps it.
          </p>
          <div class="controls two">
            {chosen.target.queue === undefined && (
              <button type="button" class="primary" onClick={() => finish(consult(chosen.target, notes))}>
                Talk first
              </button>
            )}
            <button type="button" onClick={() => finish(transfer(chosen.target, notes))}>
              Transfer now
            </button>
          </div>
        </>
      )}
      <button type="button" class="quiet small" onClick={onClose}>
        Close
      </button>
    </div>
  );
}

function search(text: string, targets: Targets): Found[] {
  const wanted = text.trim().toLowerCase();
  const fits = (...words: (string | undefined)[]): boolean => words.some((word) => word?.toLowerCase().includes(wanted) === true);
  const people = targets.agents
    .filter((one) => one.login !== ownAgent.value?.login && fits(one.name, one.login, one.extension))
    .sort((a, b) => Number(b.state === "available") - Number(a.state === "available") || a.name.localeCompare(b.name))
    .map((one): Found => {
      const { word, tone } = stateWords(one.state);
      return { target: { agent: one.login }, title: one.name, detail: `${word} ${clock(since(one.since))}`, tone };
    });
  const lines = targets.queues
    .filter((queue) => fits(queue.name))
    .map((queue): Found => ({
      target: { queue: queue.name },
      title: `Queue ${queue.name}`,
      detail: queue.closed === true ? "closed at the moment" : queue.waiting === 0 ? "nobody waits" : `${queue.waiting} waiting`,
      tone: queue.closed === true ? "bad" : queue.waiting === 0 ? "good" : "warn",
    }));
  const typed = /^\+?[\d*#]{2,}$/.test(wanted.replaceAll(/[\s-]/g, ""))
    ? [{ target: { extension: wanted.replaceAll(/[\s-]/g, "") }, title: wanted, detail: "as typed", tone: "" }]
    : [];
  return [...typed, ...people, ...lines].slice(0, 8);
}
