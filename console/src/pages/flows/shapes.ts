// What the pages of flows read, from the API's own description.
import type { Schemas } from "../../api/types";

export type FlowList = Schemas["FlowList"];
export type FlowItem = Schemas["FlowItem"];
export type Flow = Schemas["FlowBody"];
export type FlowVersion = Schemas["FlowVersion"];
export type Trial = Schemas["TrialBody"];
