// When a number of the floor is fine, needs a look, or is bad: colour and word. And what each number means. Pure.
import type { QueueLive } from "../../api/types";

export type Level = "good" | "warn" | "bad" | "plain";

export const LEVEL_WORDS: Record<Level, string> = { good: "fine", warn: "look here", bad: "act now", plain: "" };

export function waiting(queue: QueueLive): Level {
  if (queue.waiting >= 10 || (queue.waiting > 0 && staffed(queue) === 0)) return "bad";
  return queue.waiting >= (queue.agents.available ?? 0) + 3 ? "warn" : "good";
}

/** Seconds that the longest has waited. */
export function longest(seconds: number): Level {
  if (seconds >= 120) return "bad";
  return seconds >= 60 ? "warn" : "good";
}

export function serviceLevel(share: number | null): Level {
  if (share === null) return "plain";
  if (share >= 0.8) return "good";
  return share >= 0.7 ? "warn" : "bad";
}

export function abandonedShare(queue: QueueLive): number | null {
  const { answered, abandoned: gone } = queue;
  if (answered === null || gone === null || answered + gone === 0) return null;
  return gone / (answered + gone);
}

export function abandoned(share: number | null): Level {
  if (share === null) return "plain";
  if (share >= 0.08) return "bad";
  return share >= 0.05 ? "warn" : "good";
}

/** Agents who take or will take calls of this queue. */
export function staffed(queue: QueueLive): number {
  const { available = 0, offered = 0, on_call = 0, wrap_up = 0 } = queue.agents;
  return available + offered + on_call + wrap_up;
}

export function available(queue: QueueLive): Level {
  if ((queue.agents.available ?? 0) > 0) return "good";
  return queue.waiting > 0 ? "bad" : "plain";
}

/** What each number counts, over which time, and what is left out. */
export const DEFINITIONS = {
  waiting:
    "Callers in this queue now who talk to nobody yet, also while an agent's phone rings for them. Look here: as many as three more than available agents. Act now: ten or more, or nobody is there to answer.",
  longest: "How long the caller who has waited longest in this queue has been waiting, now. Look here from 1 minute, act now from 2.",
  service_level:
    "Today: calls answered within the queue's target, divided by calls answered plus calls abandoned after the short-abandon limit. Callers who hung up before that limit are left out. Fine from 80 %, act now below 70 %.",
  answered: "Calls of this queue that an agent answered today. The day begins at midnight in the time zone of the server.",
  abandoned:
    "Callers who hung up in this queue today after the short-abandon limit, and their share of answered plus abandoned. Look here from 5 %, act now from 8 %.",
  average_answer: "Mean wait in this queue of the calls answered today, from entering the queue until the agent answered.",
  available: "Agents of this queue who can be given a call now. Act now: callers wait and nobody is available.",
  on_call: "Agents of this queue on a call, on any queue.",
  wrap_up: "Agents of this queue who finish the work after a call.",
  not_ready: "Agents of this queue who are not ready, whatever the reason.",
} as const;

export type Measure = keyof typeof DEFINITIONS;
