// A record as a story in words, and the marks of a recording. Pure.
import type { InteractionRecord, Recording } from "../../api/types";
import { causeWords } from "../../words";
import type { Mark } from "./player";

export interface StoryLine {
  at: string;
  text: string;
}

const OFFER: Record<string, string> = {
  accepted: "took the call",
  declined: "declined",
  timed_out: "did not answer",
  unreachable: "could not be reached",
  revoked: "was no longer needed",
};

/** Events of the log that nothing else in the story tells, in words. */
const EVENTS: Record<string, string> = {
  held: "The customer was put on hold",
  resumed: "The customer was taken from hold",
  consult_started: "The agent asked a colleague",
  consulted: "The agent asked a colleague",
  consult_ended: "Back with the customer",
  transferred: "The call was transferred",
  merged: "All three talk together",
  monitored: "A supervisor joined",
  monitor_started: "A supervisor joined",
  monitor_ended: "The supervisor left",
};

export function storyOf(record: InteractionRecord): StoryLine[] {
  const lines: StoryLine[] = [{ at: record.started_at, text: "The call came in" }];
  for (const choice of record.menu_path) lines.push({ at: choice.at, text: `Chose ${choice.label} (key ${choice.key})` });
  for (const entry of record.queue_entries) lines.push({ at: entry.entered_at, text: `Began to wait in ${entry.queue ?? "a queue"}` });
  for (const offer of record.offers) {
    const agent = offer.agent ?? "An agent";
    lines.push({ at: offer.made_at, text: `${agent} was asked` });
    if (offer.ended_at != null) lines.push({ at: offer.ended_at, text: `${agent} ${OFFER[offer.outcome ?? ""] ?? "was asked no longer"}` });
  }
  if (record.connected_at != null) lines.push({ at: record.connected_at, text: "Agent and customer hear each other" });
  for (const event of record.events) {
    const text = EVENTS[event.kind];
    if (text !== undefined) lines.push({ at: event.at, text });
  }
  if (record.ended_at != null) {
    const cause = causeWords(record.end_cause ?? null);
    lines.push({ at: record.ended_at, text: cause === "" ? "The call ended" : `The call ended: ${cause}` });
  }
  if (record.wrap_up?.ended_at != null) lines.push({ at: record.wrap_up.ended_at, text: "The wrap-up was done" });
  return lines.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** What happened during a recording, at its place in it. */
export function marksOf(record: InteractionRecord, recording: Recording): Mark[] {
  const begin = Date.parse(recording.started_at);
  const end = begin + (recording.duration ?? 0) * 1000;
  return record.events.flatMap((event) => {
    const word = EVENTS[event.kind];
    const at = Date.parse(event.at);
    return word === undefined || at < begin || at > end ? [] : [{ at: (at - begin) / 1000, word }];
  });
}
