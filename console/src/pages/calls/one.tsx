// One call: what happened when, why this agent, the legs, the notes, the recording.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../../style/calls.css";
import { get, part, Problem, session, words } from "../../api/client";
import type { Decision, InteractionRecord, Leg } from "../../api/types";
import { follow, path } from "../../router";
import { clock, moment, spoken, timeOfDay } from "../../ui/time";
import { causeWords, number, outcomeWords } from "../../words";
import { marksOf, storyOf } from "./story";
import { Player } from "./player";

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
          <Player recording={recording.id} marks={marksOf(record, recording)} />
        </section>
      ))}
      <div class="call-columns">
        <section class="card">
          <h2>What happened</h2>
          {why.length > 0 && (
            <p class="why-line">
              Why they called: <strong>{why.join(" › ")}</strong>
            </p>
          )}
          <ol class="story">
            {storyOf(record).map((line, index) => (
              <li key={index}>
                <span class="time soft">{timeOfDay(line.at)}</span>
                <span>{line.text}</span>
              </li>
            ))}
          </ol>
        </section>
        <div class="stack">
          {record.notes != null && record.notes !== "" && (
            <section class="card">
              <h2>Notes</h2>
              <p class="notes">{record.notes}</p>
            </section>
          )}
          <section class="card">
            <h2>Why this agent</h2>
            {record.decisions.length === 0 && <p class="soft">No agent was chosen, or the choice is not yours to see.</p>}
            <ul class="stack tight">
              {record.decisions.map((decision) => (
                <DecisionCard key={decision.seq} decision={decision} />
              ))}
            </ul>
          </section>
          <section class="card">
            <h2>Legs</h2>
            <Legs legs={record.legs} />
          </section>
        </div>
      </div>
    </div>
  );
}

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

const REMOVED: Record<string, string> = {
  not_available: "not available",
  lacks_skill: "without the skill",
  not_registered: "without a phone",
  already_offered: "asked before",
};

function DecisionCard({ decision }: { decision: Decision }): JSX.Element {
  const others = decision.candidates.filter((one) => one.agent_id !== decision.chosen.agent_id).map((one) => one.agent ?? "an agent");
  const removed = Object.entries(decision.removed).map(([why, count]) => `${count} ${REMOVED[why] ?? why.replaceAll("_", " ")}`);
  return (
    <li>
      <p>
        <span class="time soft">{timeOfDay(decision.at)}</span> <strong>{decision.chosen.agent ?? "An agent"}</strong> was chosen
        {others.length === 0 ? ", the only one who could be" : ` before ${others.join(", ")}`}
        {others.length > 0 && decision.tie_break !== "" && <span>: {decision.tie_break.replaceAll("_", " ")} decided</span>}.
      </p>
      {removed.length > 0 && <p class="soft small">Not asked: {removed.join(", ")}.</p>}
    </li>
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
                <td>{leg.cause?.replaceAll("_", " ") ?? ""}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Mos({ value }: { value: number }): JSX.Element {
  const [tone, word] = value >= 4 ? ["good", "good"] : value >= 3.6 ? ["warn", "fair"] : ["bad", "poor"];
  return (
    <span class={`chip ${tone}`} title="Mean opinion score, 1 to 4.5, by ITU-T G.107">
      {word} {value.toFixed(1)}
    </span>
  );
}
