// One call: what happened when, why this agent, the legs, the notes, the recording.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../../style/calls.css";
import { get, part, Problem, session, words } from "../../api/client";
import type { InteractionRecord, Leg } from "../../api/types";
import { follow, path } from "../../router";
import { clock, moment, spoken, timeOfDay } from "../../ui/time";
import { causeWords, number, outcomeWords } from "../../words";
import { LadderCard } from "./ladder";
import { Player } from "./player";
import { TimelineCard } from "./timeline";

export default function OneCall(): JSX.Element {
  const id = path.value.split("/")[2] ?? "";
  const [record, setRecord] = useState<InteractionRecord | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    setRecord(null);
    setProblem(null);
    get<InteractionRecord>(`/interactions/${part(id)}`).then(setRecord, (error: unknown) =>
      setProblem(error instanceof Problem && error.status === 404 ? "There is no such call, or it is not yours to see." : words(error)),
    );
  }, [id]);
  if (problem !== null) return <p class="notice bad">{problem}</p>;
  if (record === null) return <p class="empty">Loading the call…</p>;
  return <Shown record={record} />;
}

function Shown({ record }: { record: InteractionRecord }): JSX.Element {
  const [outcome, tone] = outcomeWords(record.outcome ?? null);
  const why = record.why ?? record.menu_path.map((choice) => choice.label);
  return (
    <div class="stack">
      <header class="row between">
        <div>
          {session.value?.user.role !== "caller" && (
            <a href="/calls" onClick={follow}>
              All calls
            </a>
          )}
          <h1>
            {record.caller_name ?? number(record.caller_number)} <span class={`chip ${tone}`}>{outcome}</span>
          </h1>
          <p class="soft">
            {moment(record.started_at)} · {number(record.caller_number)} to {number(record.dialed_number)}
            {record.end_cause != null && ` · ended because ${causeWords(record.end_cause)}`}
          </p>
        </div>
      </header>
      <Facts record={record} />
      {record.recordings.map((recording) => (
        <section key={recording.id} class="card" aria-label={`Recording ${recording.index}`}>
          <h2>
            {recording.kind === "voicemail" ? "Voicemail" : "Recording"} {recording.index}
            {(recording.gap ?? 0) > 0 && <span class="chip warn">{spoken(recording.gap ?? 0)} are missing</span>}
          </h2>
          <Player recording={recording} />
        </section>
      ))}
      <section class="card">
        <h2>What happened</h2>
        {why.length > 0 && (
          <p class="why-line">
            Why they called: <strong>{why.join(" › ")}</strong>
          </p>
        )}
        <TimelineCard interaction={record.id} />
      </section>
      {record.notes != null && record.notes !== "" && (
        <section class="card">
          <h2>Notes</h2>
          <p class="notes">{record.notes}</p>
        </section>
      )}
      <section class="card">
        <h2>Legs</h2>
        <Legs legs={record.legs} />
      </section>
      {oversees() && (
        <section class="card">
          <h2>SIP messages</h2>
          <LadderCard interaction={record.id} />
        </section>
      )}
    </div>
  );
}

/** Whoever looks at everything sees the signalling too. */
const oversees = (): boolean => ["admin", "supervisor", "readonly"].includes(session.value?.user.role ?? "");

function Facts({ record }: { record: InteractionRecord }): JSX.Element {
  const seconds = (from: string | null | undefined, to: string | null | undefined): number | null =>
    from == null || to == null ? null : (Date.parse(to) - Date.parse(from)) / 1000;
  const entry = record.queue_entries[0];
  const facts: [string, string][] = [
    ["Queue", record.queue ?? "none"],
    ["Agent", record.agent ?? "none"],
    ["Waited", entry?.wait == null ? "did not wait" : clock(entry.wait)],
    ["Talked", clock(seconds(record.connected_at, record.ended_at) ?? 0)],
    ["Wrap-up", record.wrap_up?.duration == null ? "none" : clock(record.wrap_up.duration)],
  ];
  return (
    <dl class="facts">
      {facts.map(([word, value]) => (
        <div key={word} class="card">
          <dt>{word}</dt>
          <dd class="n">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Legs({ legs }: { legs: Leg[] }): JSX.Element {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Legs of the call">
      <table>
        <thead>
          <tr>
            <th scope="col">Who</th>
            <th scope="col">From</th>
            <th scope="col">Time</th>
            <th scope="col">Sound</th>
            <th scope="col" class="n">
              Lost
            </th>
            <th scope="col" class="n">
              Jitter
            </th>
            <th scope="col" class="n">
              Round trip
            </th>
            <th scope="col">Codec</th>
            <th scope="col">Ended by</th>
          </tr>
        </thead>
        <tbody>
          {legs.map((leg) => {
            const mos = leg.quality?.mos;
            const length = leg.ended_at == null ? 0 : (Date.parse(leg.ended_at) - Date.parse(leg.started_at)) / 1000;
            return (
              <tr key={leg.id}>
                <td>{leg.role === "agent" ? `Agent ${leg.agent ?? ""}` : leg.role}</td>
                <td class="n">{timeOfDay(leg.started_at)}</td>
                <td class="n">{clock(length)}</td>
                <td>{typeof mos === "number" ? <Mos value={mos} /> : <span class="soft">not measured</span>}</td>
                <td class="n">{lossOf(leg)}</td>
                <td class="n">{millis(leg.quality?.jitter_ms)}</td>
                <td class="n">{millis(leg.quality?.round_trip_ms)}</td>
                <td>{typeof leg.quality?.codec === "string" ? leg.quality.codec : ""}</td>
                <td>{leg.cause?.replaceAll("_", " ") ?? ""}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const millis = (value: unknown): string => (typeof value === "number" ? `${value.toFixed(1)} ms` : "");

/** Of what should have come; and of ours what the party says it missed. */
function lossOf(leg: Leg): string {
  const { packets_lost: lost, packets_received: got, far_lost: far } = leg.quality ?? {};
  if (typeof lost !== "number" || typeof got !== "number") return "";
  const share = lost + got === 0 ? 0 : (lost / (lost + got)) * 100;
  return `${share.toFixed(1)} %${typeof far === "number" && far > 0 ? `, ${far} of ours` : ""}`;
}

function Mos({ value }: { value: number }): JSX.Element {
  const [tone, word] = value >= 4 ? ["good", "good"] : value >= 3.6 ? ["warn", "fair"] : ["bad", "poor"];
  return (
    <span class={`chip ${tone}`} title="Mean opinion score, 1 to 4.5, by ITU-T G.107">
      {word} {value.toFixed(1)}
    </span>
  );
}
