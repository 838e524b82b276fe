// The stand-in's world as stories reach into it: its values are theirs to change, so they are not typed further.
export class World {
  agents: Map<string, any>;
  calls: Map<string, any>;
  notes: Map<string, { text: string; version: number }>;
  confirmed: Map<string, string | null>;
  monitored: { id: string; mode: string; by: string }[];
  wrapUpSeconds: number;
  state(login: string, name: string, reason?: string | null): void;
  arrive(caller: { number: string | null; name: string | null }): any;
  offer(call: any, agent: any): void;
  talk(call: any): void;
  callItems(): { phase: string }[];
  changed(): void;
}

export const HOSTILE: string;
