// Search of interactions. What is searched for stands in the address, so that it can be kept and handed on.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../../style/calls.css";
import { get, words } from "../../api/client";
import type { InteractionSummary, Page } from "../../api/types";
import { follow, go, query } from "../../router";
import { clock, moment } from "../../ui/time";
import { number, OUTCOME_NAMES, outcomeWords } from "../../words";
import { Refusal } from "../../ui/refusal";

const FIELDS = ["number", "text", "from", "to", "queue", "agent", "outcome", "flow", "block", "exit", "next", "ended"] as const;
/** What only a link says: the calls behind a number of a flow. */
const OF_FLOW = ["flow", "block", "exit", "next", "ended"];

/** What the server is asked for: days become moments, the last day is whole. */
function asked(search: URLSearchParams, cursor: string | null): string {
  const out = new URLSearchParams({ limit: "50" });
  for (const name of FIELDS) {
    const value = search.get(name)?.trim() ?? "";
    if (value === "") continue;
    const day = name === "from" || name === "to" ? new Date(`${value}T00:00:00`) : null;
    if (day !== null && Number.isNaN(day.getTime())) continue;
    if (day !== null && name === "to") day.setDate(day.getDate() + 1);
    out.set(name, day === null ? value : day.toISOString());
  }
  if (cursor !== null) out.set("cursor", cursor);
  return out.toString();
}

export default function Calls(): JSX.Element {
  const search = query.value.toString();
  const [items, setItems] = useState<InteractionSummary[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const load = (cursor: string | null): void => {
    get<Page<InteractionSummary>>(`/interactions?${asked(query.value, cursor)}`).then(
      (page) => {
        setItems((before) => (cursor === null ? page.items : [...(before ?? []), ...page.items]));
        setNext(page.next);
        setProblem(null);
      },
      (error: unknown) => setProblem(words(error)),
    );
  };
  useEffect(() => load(null), [search]);
  return (
    <div class="stack">
      <h1>Calls</h1>
      <Filters />
      <Refusal words={problem} />
      {items === null && problem === null && <p class="empty">Loading…</p>}
      {items !== null && <Table items={items} />}
      {next !== null && (
        <div class="row">
          <button type="button" onClick={() => load(next)}>
            Show more
          </button>
        </div>
      )}
    </div>
  );
}

function Filters(): JSX.Element {
  const set = (name: string, value: string): void => {
    const changed = new URLSearchParams(query.value);
    if (value === "") changed.delete(name);
    else changed.set(name, value);
    const text = changed.toString();
    go(text === "" ? "/calls" : `/calls?${text}`, true);
  };
  const value = (name: string): string => query.value.get(name) ?? "";
  return (
    <form class="card filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <OfFlow />
      <label>
        Number
        <input type="search" inputMode="tel" placeholder="3 digits or more" value={value("number")} onChange={(event) => set("number", event.currentTarget.value.trim())} />
      </label>
      <label>
        Words in the notes
        <input type="search" maxLength={200} value={value("text")} onChange={(event) => set("text", event.currentTarget.value.trim())} />
      </label>
      <label>
        From
        <input type="date" value={value("from")} onChange={(event) => set("from", event.currentTarget.value)} />
      </label>
      <label>
        To
        <input type="date" value={value("to")} onChange={(event) => set("to", event.currentTarget.value)} />
      </label>
      <label>
        Queue
        <input value={value("queue")} onChange={(event) => set("queue", event.currentTarget.value.trim())} />
      </label>
      <label>
        Agent
        <input value={value("agent")} onChange={(event) => set("agent", event.currentTarget.value.trim())} />
      </label>
      <label>
        Outcome
        <select value={value("outcome")} onChange={(event) => set("outcome", event.currentTarget.value)}>
          <option value="">All</option>
          {OUTCOME_NAMES.map((name) => (
            <option key={name} value={name}>
              {outcomeWords(name)[0]}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}

/** Which way of which flow is meant, and the way back to all calls. */
function OfFlow(): JSX.Element | null {
  const value = (name: string): string => query.value.get(name) ?? "";
  if (value("flow") === "") return null;
  const exit = value("exit") === "" ? "" : `, left by ${value("exit")}${value("next") === "" ? "" : ` to ${value("next")}`}`;
  const ended = { here: ", and came no further", dropped: value("block") === "" ? ", hung up in it" : ", and hung up there" }[value("ended")] ?? "";
  const all = new URLSearchParams(query.value);
  for (const name of OF_FLOW) all.delete(name);
  return (
    <p class="row">
      <span class="chip accent">
        Flow {value("flow")}
        {value("block") !== "" && `, came into ${value("block")}`}
        {exit}
        {ended}
      </span>
      <a href={`/calls?${all.toString()}`} onClick={follow}>
        All calls
      </a>
    </p>
  );
}

/** The arrows go from call to call, Enter opens one. */
function step(event: KeyboardEvent): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined || !(event.target instanceof HTMLAnchorElement)) return;
  const links = [...(event.currentTarget as HTMLElement).querySelectorAll("a")];
  const next = links[links.indexOf(event.target) + by];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function Table({ items }: { items: InteractionSummary[] }): JSX.Element {
  if (items.length === 0) return <p class="empty">No call fits. Widen the search.</p>;
  return (
    <div class="card scroll-x" tabIndex={0} role="region" aria-label="Calls found">
      <table class="calls">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Caller</th>
            <th scope="col">Queue</th>
            <th scope="col">Agent</th>
            <th scope="col" class="n">
              Talked
            </th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody onKeyDown={step}>
          {items.map((one) => {
            const [word, tone] = outcomeWords(one.outcome ?? null);
            const talked = one.connected_at == null || one.ended_at == null ? null : (Date.parse(one.ended_at) - Date.parse(one.connected_at)) / 1000;
            return (
              <tr key={one.id}>
                <td>
                  <a href={`/calls/${one.id}`} onClick={follow}>
                    {moment(one.started_at)}
                  </a>
                </td>
                <td>
                  {one.caller_name ?? ""} <span class="soft n">{number(one.caller_number)}</span>
                </td>
                <td>{one.queue ?? <span class="soft">none</span>}</td>
                <td>{one.agent ?? <span class="soft">none</span>}</td>
                <td class="n">{talked === null ? "" : clock(talked)}</td>
                <td>
                  <span class={`chip ${tone}`}>{word}</span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
