// The floor: every queue and every agent as they are now. With `?tv` the same in big type without anything to press.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../../style/floor.css";
import type { QueueLive } from "../../api/types";
import { connection, lastHeard, queues, want } from "../../live/client";
import { go, query } from "../../router";
import { clock, now, since } from "../../ui/time";
import { AgentGrid } from "./agents";
import { Certificates } from "./certificates";
import { LastHour } from "./charts";
import { CloseButton, ClosedNotice } from "./closing";
import { LimitsDialog } from "./limits";
import { HelpRequests } from "./help";
import { Monitor, monitorPhone, stopMonitor } from "./monitor";
import * as rules from "./rules";
import { Stat } from "./stat";
import { CallsNow } from "./waiting";

const count = (n: number | null | undefined): string => (n === null ? "–" : String(n ?? 0));
const percent = (share: number | null): string => (share === null ? "–" : `${Math.round(share * 100)} %`);

export default function Floor(): JSX.Element {
  const tv = query.value.has("tv");
  const [limiting, setLimiting] = useState(false);
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
          {!tv && (
            <button type="button" class="small" onClick={() => setLimiting(true)}>
              Thresholds
            </button>
          )}
          <button type="button" class="small" onClick={() => go(tv ? "/floor" : "/floor?tv")}>
            {tv ? "Leave TV mode" : "TV mode"}
          </button>
        </div>
      </header>
      {limiting && <LimitsDialog onClose={() => setLimiting(false)} />}
      {!tv && <Certificates />}
      <HelpRequests tv={tv} />
      {monitorPhone.value !== null && <Monitor />}
      <Queues tv={tv} />
      {!tv && <AgentGrid />}
      {!tv && <CallsNow />}
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
        <QueueCard key={`${queue.name}${tv ? " tv" : ""}`} queue={queue} tv={tv} />
      ))}
      {pages > 1 && (
        <p class="soft">
          {(page % pages) + 1} of {pages}
        </p>
      )}
    </div>
  );
}

function QueueCard({ queue, tv }: { queue: QueueLive; tv: boolean }): JSX.Element {
  const oldest = queue.waiting === 0 ? 0 : since(queue.oldest_since);
  const share = rules.abandonedShare(queue);
  const { announced: expected = null, held = null } = queue.expected_wait ?? {};
  return (
    <section class="card queue" aria-label={`Queue ${queue.name}`}>
      <header class="row between">
        <h2>{queue.name}</h2>
        {!tv && <CloseButton queue={queue} />}
      </header>
      <ClosedNotice queue={queue} tv={tv} />
      <div class="stats">
        <Stat queue={queue} word="Waiting" measure="waiting" value={String(queue.waiting)} detail={rules.nobodyFor(queue)} level={rules.waiting(queue)} />
        <Stat queue={queue} word="Longest wait" measure="longest" value={queue.waiting === 0 ? "–" : clock(oldest)} level={rules.longest(queue, oldest)} />
        <Stat queue={queue} word="Service level" measure="service_level" value={percent(queue.service_level)} level={rules.serviceLevel(queue)} />
        <Stat queue={queue} word="Answered" measure="answered" value={count(queue.answered)} />
        <Stat queue={queue} word="Abandoned" measure="abandoned" value={count(queue.abandoned)} detail={share === null ? "" : percent(share)} level={rules.abandoned(share)} />
        <Stat queue={queue} word="Average wait" measure="average_answer" value={queue.average_answer === null ? "–" : clock(queue.average_answer)} />
        <Stat queue={queue} word="Expected wait" measure="expected_wait" value={expected === null ? "–" : clock(expected)} detail={held === null ? "" : `held for ${percent(held)}`} />
        <Stat queue={queue} word="Available" measure="available" value={count(queue.agents.available)} level={rules.available(queue)} />
        <Stat queue={queue} word="On a call" measure="on_call" value={count((queue.agents.on_call ?? 0) + (queue.agents.offered ?? 0))} />
        <Stat queue={queue} word="Wrap-up" measure="wrap_up" value={count(queue.agents.wrap_up)} />
        <Stat queue={queue} word="Not ready" measure="not_ready" value={count(queue.agents.not_ready)} />
      </div>
      <LastHour queue={queue} tv={tv} />
    </section>
  );
}
