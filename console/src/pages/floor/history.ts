// A queue's last hour: asked from the server, which derives it from the record, and carried on by what is live until it is
// asked anew with each minute.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, part } from "../../api/client";
import type { QueueHistory, QueueLive } from "../../api/types";
import { connection } from "../../live/client";
import { now, since } from "../../ui/time";

const MINUTE = 60_000;
/** Milliseconds over which all boards spread their questions of a minute. */
const SPREAD = 8_000;

export interface Point {
  /** Milliseconds since 1970: its beginning. */
  at: number;
  waiting: number;
  /** Seconds. */
  longest: number;
}

export interface Count {
  at: number;
  answered: number;
  abandoned: number;
}

export interface Hour {
  points: Point[];
  counts: Count[];
  /** Milliseconds of one count. */
  interval: number;
  definitions: Record<string, string>;
}

/** What was seen live, by the beginning of its minute. */
export type Seen = Map<number, { waiting: number; longest: number }>;

/** The history with what came after it. */
export function carriedOn(history: QueueHistory, live: QueueLive, seen: Seen, at: number): Hour {
  const points: Point[] = history.points.map((point) => ({ at: Date.parse(point.at), waiting: point.waiting, longest: point.longest_wait }));
  const last = points.at(-1)?.at ?? 0;
  for (const [minute, { waiting, longest }] of [...seen].sort(([a], [b]) => a - b)) {
    if (minute < last || minute > at) continue;
    const known = points.find((point) => point.at === minute);
    if (known === undefined) points.push({ at: minute, waiting, longest });
    else Object.assign(known, { waiting: Math.max(known.waiting, waiting), longest: Math.max(known.longest, longest) });
  }
  const interval = history.interval * 1000;
  const counts: Count[] = history.counts.map((count) => ({ at: Date.parse(count.at), answered: count.answered, abandoned: count.abandoned }));
  const begin = Math.floor(at / interval) * interval;
  if ((counts.at(-1)?.at ?? 0) < begin) counts.push({ at: begin, answered: 0, abandoned: 0 });
  // Below zero: a new day began, or the counters are behind the history.
  const more = (live: number | null, then: number | undefined): number => (live === null || then === undefined ? 0 : Math.max(0, live - then));
  const present = counts.at(-1);
  if (present !== undefined) {
    present.answered += more(live.answered, history.today?.answered);
    present.abandoned += more(live.abandoned, history.today?.abandoned);
  }
  return { points: points.slice(-history.points.length), counts: counts.slice(-history.counts.length), interval, definitions: history.definitions };
}

/** `null` until it is there; `"failed"` when it cannot be had, which is tried again. */
export function useHour(queue: QueueLive): Hour | "failed" | null {
  const [history, setHistory] = useState<QueueHistory | "failed" | null>(null);
  const seen = useRef<Seen>(new Map());
  const at = now.value;
  const minute = Math.floor(at / MINUTE) * MINUTE;
  const open = connection.value === "open";
  useEffect(() => {
    let current = true;
    const ask = (): void => {
      get<QueueHistory>(`/queues/${part(queue.name)}/history?minutes=60`).then(
        (found) => current && setHistory(found),
        // What was there stays.
        () => current && setHistory((before) => before ?? "failed"),
      );
    };
    const timer = setTimeout(ask, history === null ? 0 : Math.random() * SPREAD);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [queue.name, minute, open]);
  if (open) {
    const before = seen.current.get(minute) ?? { waiting: 0, longest: 0 };
    const longest = queue.waiting === 0 ? 0 : since(queue.oldest_since, at);
    seen.current.set(minute, { waiting: Math.max(before.waiting, queue.waiting), longest: Math.max(before.longest, longest) });
    for (const old of seen.current.keys()) if (old < minute - 5 * MINUTE) seen.current.delete(old);
  }
  return history === null || history === "failed" ? history : carriedOn(history, queue, seen.current, at);
}
