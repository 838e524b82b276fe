// What the pages read. The record's shapes come from the API's own description (`types/api.d.ts`, written by
// `npm run types`, not committed); the live topics, which that description does not cover, stand here.
import type { components } from "../../types/api";

export type Schemas = components["schemas"];

export type InteractionSummary = Schemas["Interaction"];
export type InteractionRecord = Schemas["InteractionRecord"] & { why?: string[] };
export type Recording = Schemas["Recording"];
export type Decision = Schemas["Decision"];
export type LogEvent = Schemas["LogEvent"];
export type Leg = Schemas["Leg"];
export type Customer = Schemas["Customer"];
export type Timeline = Schemas["Timeline"];
export type TimelineItem = Schemas["TimelineItem"];
export type Ladder = Schemas["Ladder"];
export type SipMessage = Schemas["SipMessage"];
export type Peaks = Schemas["PeaksBody"];
export type Certificate = Schemas["Certificate"];
export type Closure = Schemas["Closure"];
export type ClosureMessages = Schemas["MessagesBody"];
export type QueueHistory = Schemas["QueueHistory"];

export interface Page<T> {
  items: T[];
  next: string | null;
}

export type AgentStateName = "offline" | "available" | "offered" | "on_call" | "wrap_up" | "not_ready";

export interface Party {
  number: string | null;
  name: string | null;
}

export interface CustomerRef {
  id: string;
  name: string | null;
}

/** What the one who had the caller before wrote for the next. */
export interface HandedOn {
  notes: string;
  /** Log-in name; `null`: a supervisor who is no agent. */
  by: string | null;
}

export interface Offer {
  interaction: string;
  queue: string | null;
  offered_at: string;
  ring_timeout: number;
  waited: number;
  caller: Party;
  customer: CustomerRef | null;
  matches: number;
  why: string[];
  handed?: HandedOn | null;
}

export interface Consult {
  agent?: string | null;
  number?: string | null;
  queue?: string | null;
  state: string;
}

export interface LiveCall {
  interaction: string;
  queue: string | null;
  since: string;
  held: boolean;
  /** The agent's phone is gone and waited for. */
  reconnecting?: boolean;
  muted_by_us: boolean;
  recording: boolean;
  caller: Party;
  customer: CustomerRef | null;
  matches?: number;
  why: string[];
  handed?: HandedOn | null;
  consult: Consult | null;
  /** The agent's request for a supervisor: `asked`, `taken` or `dismissed`. */
  help?: { state: string; since: string } | null;
}

export interface WrapUpNow {
  interaction: string;
  queue: string | null;
  ends_at: string | null;
  extendable: boolean;
}

/** Topic `me`. */
export interface Me {
  agent: { login: string; name: string; extension: string };
  state: {
    name: AgentStateName;
    since: string | null;
    reason: string | null;
    next: { name: string; reason: string | null } | null;
  };
  phone: { registered: boolean };
  offer: Offer | null;
  call: LiveCall | null;
  wrap_up: WrapUpNow | null;
}

/** From where on a number needs a look, and from where on somebody has to act. */
export interface Steps {
  warning: number;
  critical: number;
}

/** Topic `queues`. */
export interface QueueLive {
  name: string;
  waiting: number;
  /** Of these so many ask for what nobody who is logged in can do. */
  unmeetable?: number;
  oldest_since: string | null;
  /** A state that nobody is in may be absent. */
  agents: Partial<Record<AgentStateName, number>>;
  service_level: number | null;
  /** `null` while the database is away. */
  answered: number | null;
  abandoned: number | null;
  average_answer: number | null;
  /** What a newcomer is told, in seconds; the share of the last `callers` for whom such a word held. */
  expected_wait?: { announced: number | null; held: number | null; callers: number };
  /** A supervisor closed it for now. */
  closure?: Closure | null;
  /** The company's: callers, seconds, 0 to 1. */
  thresholds?: { waiting: Steps; longest_wait: Steps; service_level: Steps };
}

/** Topic `agents`. */
export interface AgentLive {
  login: string;
  name: string;
  state: AgentStateName;
  since: string | null;
  reason: string | null;
  registered: boolean;
  queue: string | null;
  interaction: string | null;
  /** Since when the agent waits for a supervisor. */
  help_since?: string | null;
}

/** Topic `calls`. */
export interface CallLive {
  interaction: string;
  queue: string | null;
  agent: string | null;
  /** A supervisor who is no agent has the customer. */
  taken_over?: boolean;
  caller: Party | string | null;
  started_at: string;
  phase: string;
  since: string;
  /** Since when the agent waits for a supervisor. */
  help_since?: string | null;
}
