// The floor: every queue and every agent as they are now. With `?tv` the same in big type without anything to press.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../../style/floor.css";
import type { QueueLive } from "../../api/types";
import { calls, connection, lastHeard, queues, want } from "../../live/client";
import { go, query } from "../../router";
import { clock, now, since } from "../../ui/time";
import { party } from "../../words";
import { AgentGrid } from "./agents";
import { Monitor, monitorPhone, stopMonitor } from "./monitor";
import * as rules from "./rules";
import { Stat } from "./stat";

const count = (n: number | null | undefined): string => (n === null ? "–" : String(n ?? 0));
const percent = (share: number | null): string => (share === null ? "–" : `${Math.round(share * 100)} %`);

export default function Floor(): JSX.Element {
  const tv = query.value.has("tv");
  useEffect(() => {
    const stops = [want("queues"), want("agents"), want("calls")];
    return () => {
      for (const stop of stops) stop();
      stopMonitor();
    };
  }, []);
  useEffect(() => {
    document.documentElement.classList.toggle("tv", tv);
    return () => document.documentElement.classList.remove("tv");
  }, [tv]);
  return (
    <div class="stack">
      <header class="row between">
        <h1>Floor</h1>
        <div class="row">
          <Freshness />
          <button type="button" class="small" onClick={() => go(tv ? "/floor" : "/floor?tv")}>
            {tv ? "Leave TV mode" : "TV mode"}
          </button>
        </div>
      </header>
      {monitorPhone.value !== null && <Monitor />}
      <Queues tv={tv} />
      {!tv && <AgentGrid />}
      {!tv && <Waiting />}
    </div>
  );
}

/** Old numbers are called old. */
function Freshness(): JSX.Element {
  const age = (now.value - lastHeard.value) / 1000;
  if (connection.value === "open") return <span class="chip good">Live</span>;
  return (
    <span class="chip bad" role="status">
      Numbers are {clock(age)} old
    </span>
  );
}

/** In TV mode with many queues, pages of so many change by themselves. */
const PER_PAGE = 4;
const TURN_SECONDS = 12;

function Queues({ tv }: { tv: boolean }): JSX.Element {
  const all = queues.value;
  const [page, setPage] = useState(0);
  const pages = tv && all !== null ? Math.max(1, Math.ceil(all.length / PER_PAGE)) : 1;
  useEffect(() => {
    if (pages < 2) return;
    const timer = setInterval(() => setPage((before) => (before + 1) % pages), TURN_SECONDS * 1000);
    return () => clearInterval(timer);
  }, [pages]);
  if (all === null) return <p class="empty">Loading the queues…</p>;
  if (all.length === 0) return <p class="empty">There are no queues.</p>;
  const shown = pages > 1 ? all.slice((page % pages) * PER_PAGE, (page % pages) * PER_PAGE + PER_PAGE) : all;
  return (
    <div class="queues">
      {shown.map((queue) => (
        <QueueCard key={queue.name} queue={queue} />
      ))}
      {pages > 1 && (
        <p class="soft">
          {(page % pages) + 1} of {pages}
        </p>
      )}
    </div>
  );
}

function QueueCard({ queue }: { queue: QueueLive }): JSX.Element {
  const oldest = queue.waiting === 0 ? 0 : since(queue.oldest_since);
  const share = rules.abandonedShare(queue);
  return (
    <section class="card queue" aria-label={`Queue ${queue.name}`}>
      <h2>{queue.name}</h2>
      <div class="stats">
        <Stat word="Waiting" measure="waiting" value={String(queue.waiting)} level={rules.waiting(queue)} />
        <Stat word="Longest wait" measure="longest" value={queue.waiting === 0 ? "–" : clock(oldest)} level={rules.longest(oldest)} />
        <Stat word="Service level" measure="service_level" value={percent(queue.service_level)} level={rules.serviceLevel(queue.service_level)} />
        <Stat word="Answered" measure="answered" value={count(queue.answered)} />
        <Stat word="Abandoned" measure="abandoned" value={count(queue.abandoned)} detail={share === null ? "" : percent(share)} level={rules.abandoned(share)} />
        <Stat word="Average wait" measure="average_answer" value={queue.average_answer === null ? "–" : clock(queue.average_answer)} />
        <Stat word="Available" measure="available" value={count(queue.agents.available)} level={rules.available(queue)} />
        <Stat word="On a call" measure="on_call" value={count((queue.agents.on_call ?? 0) + (queue.agents.offered ?? 0))} />
        <Stat word="Wrap-up" measure="wrap_up" value={count(queue.agents.wrap_up)} />
        <Stat word="Not ready" measure="not_ready" value={count(queue.agents.not_ready)} />
      </div>
    </section>
  );
}

const PHASES: Record<string, string> = { in_flow: "in the menu", waiting: "waits", offered: "rings at an agent", talking: "talks", ending: "ends" };

function Waiting(): JSX.Element {
  const list = calls.value ?? [];
  return (
    <section class="card" aria-label="Calls now">
      <h2>Calls now</h2>
      {list.length === 0 ? (
        <p class="empty">No calls.</p>
      ) : (
        <div class="scroll-x" tabIndex={0} role="region" aria-label="List of calls now">
          <table>
            <thead>
              <tr>
                <th scope="col">Caller</th>
                <th scope="col">What</th>
                <th scope="col">Queue</th>
                <th scope="col">Agent</th>
                <th scope="col" class="n">
                  Since
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((call) => (
                <tr key={call.interaction}>
                  <td class="caller">{party(call.caller)}</td>
                  <td>{PHASES[call.phase] ?? call.phase.replaceAll("_", " ")}</td>
                  <td>{call.queue ?? ""}</td>
                  <td>{call.agent ?? ""}</td>
                  <td class="n">{clock(since(call.since))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
