// The words of the console, in one place so that every page says the same thing for the same fact.
import type { AgentStateName, Party } from "./api/types";
import type { IconName } from "./ui/icons";

export type Tone = "good" | "warn" | "bad" | "accent" | "plain";

export interface StateWords {
  word: string;
  icon: IconName;
  tone: Tone;
}

const STATES: Record<AgentStateName, StateWords> = {
  offline: { word: "Offline", icon: "cross", tone: "plain" },
  available: { word: "Available", icon: "check", tone: "good" },
  offered: { word: "Ringing", icon: "phone", tone: "accent" },
  on_call: { word: "On a call", icon: "phone", tone: "accent" },
  wrap_up: { word: "Wrap-up", icon: "list", tone: "warn" },
  not_ready: { word: "Not ready", icon: "pause", tone: "warn" },
};

export function stateWords(name: string): StateWords {
  return STATES[name as AgentStateName] ?? { word: name.replaceAll("_", " "), icon: "help", tone: "plain" };
}

/** Reasons that we give ourselves; those of the company are shown as they are. */
const OUR_REASONS: Record<string, string> = {
  missed: "a call was missed",
  cooldown: "pause after a missed call",
  device_lost: "the phone is not connected",
  declined: "a call was declined",
};

export function reasonWords(reason: string | null): string {
  return reason === null || reason === "" ? "" : (OUR_REASONS[reason] ?? reason);
}

const OUTCOMES: Record<string, [string, Tone]> = {
  answered: ["Answered", "good"],
  abandoned: ["Abandoned", "bad"],
  short_abandoned: ["Abandoned at once", "warn"],
  callback: ["Callback", "accent"],
  voicemail: ["Voicemail", "accent"],
  self_served: ["Served by the menu", "plain"],
  unserved: ["Not served", "bad"],
  rejected: ["Rejected", "warn"],
  failed: ["Failed", "bad"],
};

export function outcomeWords(outcome: string | null): [string, Tone] {
  if (outcome === null) return ["In progress", "accent"];
  return OUTCOMES[outcome] ?? [outcome.replaceAll("_", " "), "plain"];
}

export const OUTCOME_NAMES = Object.keys(OUTCOMES);

const CAUSES: Record<string, string> = {
  customer: "the customer hung up",
  agent: "the agent hung up",
  flow: "the menu ended the call",
  transfer: "transferred",
  timeout: "a time limit",
  media_lost: "the audio was lost",
  shutdown: "the server was stopped",
  crash: "the server crashed",
  error: "a fault of ours",
};

export function causeWords(cause: string | null): string {
  return cause === null ? "" : (CAUSES[cause] ?? cause.replaceAll("_", " "));
}

/** A number in groups, for reading aloud. What is no number stays as it is. */
export function number(text: string | null | undefined): string {
  if (text == null || text === "") return "Number withheld";
  if (!/^\+?\d{5,15}$/.test(text)) return text;
  const plus = text.startsWith("+") ? "+" : "";
  const digits = text.replace("+", "");
  const first = plus === "" ? digits.length % 3 : 2;
  const groups = [digits.slice(0, first), ...(digits.slice(first).match(/\d{1,3}/g) ?? [])];
  return plus + groups.filter((group) => group !== "").join(" ");
}

export function party(caller: Party | string | null | undefined): string {
  if (caller == null) return "Unknown caller";
  if (typeof caller === "string") return number(caller);
  return caller.name ?? number(caller.number);
}
