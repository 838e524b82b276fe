// When a number of the floor is fine, needs a look, or is bad: colour and word. And what each number means.
import type { QueueLive } from "../../api/types";
import { spoken } from "../../ui/time";
import { limitsOf, own } from "./limits";

export type Level = "good" | "warn" | "bad" | "plain";

export const LEVEL_WORDS: Record<Level, string> = { good: "fine", warn: "look here", bad: "act now", plain: "" };

export function waiting(queue: QueueLive): Level {
  const [look, act] = limitsOf(queue).waiting;
  if (queue.waiting >= act || (queue.waiting > 0 && staffed(queue) === 0) || (queue.unmeetable ?? 0) > 0) return "bad";
  return queue.waiting >= (queue.agents.available ?? 0) + look ? "warn" : "good";
}

/** Those who wait for somebody who is not here. */
export function nobodyFor({ unmeetable = 0 }: QueueLive): string {
  return unmeetable === 0 ? "" : `nobody for ${unmeetable}`;
}

/** Seconds that the longest has waited. */
export function longest(queue: QueueLive | undefined, seconds: number): Level {
  const [look, act] = limitsOf(queue).longest;
  if (seconds >= act) return "bad";
  return seconds >= look ? "warn" : "good";
}

export function serviceLevel(queue: QueueLive): Level {
  const share = queue.service_level;
  if (share === null) return "plain";
  const [look, act] = limitsOf(queue).service;
  if (share * 100 >= look) return "good";
  return share * 100 >= act ? "warn" : "bad";
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
const DEFINITIONS = {
  waiting:
    "Callers in this queue now who talk to nobody yet, also while an agent's phone rings for them. “Nobody for …” counts those who ask for what nobody who is logged in can do.",
  longest: "How long the caller who has waited longest in this queue has been waiting, now.",
  service_level:
    "Today: calls answered within the queue's target, divided by calls answered plus calls abandoned after the short-abandon limit. Callers who hung up before that limit are left out.",
  answered: "Calls of this queue that an agent answered today. The day begins at midnight in the time zone of the server.",
  abandoned:
    "Callers who hung up in this queue today after the short-abandon limit, and their share of answered plus abandoned. Look here from 5 %, act now from 8 %.",
  average_answer: "Mean wait in this queue of the calls answered today, from entering the queue until the agent answered.",
  expected_wait:
    "What a caller who comes now is told: four of five wait at most so long. Below it, for how many of the queue's last 200 callers that was true; who gave up counts as long as they waited.",
  available: "Agents of this queue who can be given a call now. Act now: callers wait and nobody is available.",
  on_call: "Agents of this queue on a call, on any queue.",
  wrap_up: "Agents of this queue who finish the work after a call.",
  not_ready: "Agents of this queue who are not ready, whatever the reason.",
} as const;

export type Measure = keyof typeof DEFINITIONS;

/** With the thresholds that hold for this queue here. */
export function definition(measure: Measure, queue: QueueLive): string {
  const { waiting: [some, many], longest: [long, longer], service: [good, bad] } = limitsOf(queue);
  const whose = own.value === null ? "" : " (this browser's own)";
  const levels: Partial<Record<Measure, string>> = {
    waiting: ` Look here: ${some} or more beyond the available agents. Act now: ${many} or more, or nobody is there to answer${whose}.`,
    longest: ` Look here from ${spoken(long)}, act now from ${spoken(longer)}${whose}.`,
    service_level: ` Fine from ${good} %, act now below ${bad} %${whose}.`,
  };
  return DEFINITIONS[measure] + (levels[measure] ?? "");
}
