// What the pages read. The record's shapes come from the API's own description (`generated.d.ts`, written by
// `npm run types`, not committed); the live topics, which that description does not cover, stand here.
import type { components } from "./generated";

type Schemas = components["schemas"];

export type InteractionSummary = Schemas["Interaction"];
export type InteractionRecord = Schemas["InteractionRecord"] & { why?: string[] };
export type Recording = Schemas["Recording"];
export type Decision = Schemas["Decision"];
export type LogEvent = Schemas["LogEvent"];
export type Leg = Schemas["Leg"];
export type Customer = Schemas["Customer"];

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
  muted_by_us: boolean;
  recording: boolean;
  caller: Party;
  customer: CustomerRef | null;
  matches?: number;
  why: string[];
  consult: Consult | null;
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

/** Topic `queues`. */
export interface QueueLive {
  name: string;
  waiting: number;
  oldest_since: string | null;
  /** A state that nobody is in may be absent. */
  agents: Partial<Record<AgentStateName, number>>;
  service_level: number | null;
  /** `null` while the database is away. */
  answered: number | null;
  abandoned: number | null;
  average_answer: number | null;
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
}

/** Topic `calls`. */
export interface CallLive {
  interaction: string;
  queue: string | null;
  agent: string | null;
  caller: Party | string | null;
  started_at: string;
  phase: string;
  since: string;
}
