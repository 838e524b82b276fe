// The stand-in's world as stories reach into it: its values are theirs to change, so they are not typed further.
export class World {
  agents: Map<string, any>;
  calls: Map<string, any>;
  notes: Map<string, { text: string; version: number }>;
  confirmed: Map<string, string | null>;
  closures: Map<string, any>;
  flows: any;
  speech: boolean;
  monitored: { id: string; mode: string; by: string }[];
  refusesMonitor: string | null;
  handed: { verb: string; notes: string }[];
  wrapUpSeconds: number;
  certificates: { shown: string; expires_at: string; state: string; words: string; help: string }[];
  counters: Record<"support" | "sales", { answered: number; abandoned: number }>;
  thresholds: Record<"support" | "sales", { waiting: any; longest_wait: any; service_level: any }>;
  state(login: string, name: string, reason?: string | null): void;
  arrive(caller: { number: string | null; name: string | null }): any;
  offer(call: any, agent: any): void;
  talk(call: any): void;
  help(interaction: string, state: string | null): void;
  callItems(): { phase: string }[];
  changed(): void;
}

export const HOSTILE: string;
