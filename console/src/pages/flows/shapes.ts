// What the pages of flows read, from the API's own description.
import type { Schemas } from "../../api/types";

export type FlowList = Schemas["FlowList"];
export type FlowItem = Schemas["FlowItem"];
export type Flow = Schemas["FlowBody"];
export type FlowVersion = Schemas["FlowVersion"];
export type Trial = Schemas["TrialBody"];
export type FlowDraft = Schemas["FlowDraft"];
export type View = Schemas["View"];
export type Edited = Schemas["EditedBody"];
export type Report = Schemas["Report"];
export type Finding = Schemas["FlowFinding"];
export type Outline = Schemas["OutlineBody"];
export type FlowBlock = Outline["blocks"][number];
export type FlowStep = FlowBlock["steps"][number];
export type Picture = NonNullable<View["picture"]>;

/** A change of a flow's text that keeps comments and layout; the server knows each `op`. */
export type Operation =
  | { op: "set"; path: string; value: unknown }
  | { op: "insert_step"; list: string; at: number; step: unknown }
  | { op: "remove_step"; list: string; at: number }
  | { op: "move_step"; list: string; at: number; to_list: string; to: number }
  | { op: "rename_block"; from: string; to: string }
  | { op: "add_block"; name: string; after?: string; steps: unknown }
  | { op: "set_prompt"; name: string; part: string; text: string | null };
export type Recorded = Schemas["RecordedBody"];
export type Calendar = Schemas["CalendarItem"];
export type Traffic = Schemas["TrafficBody"];
export type Callers = Schemas["CallersBody"];
export type PromptList = Schemas["PromptListBody"];
export type DraftPhone = Schemas["DraftPhoneBody"];
export type Worth = Schemas["WorthBody"];
export type Planned = Schemas["PlannedBody"];
export type Different = Schemas["DifferentBody"];
export type Coverage = NonNullable<View["coverage"]>;
export type Tried = Schemas["TriedBody"];
export type TriedMoment = Tried["moments"][number];
