// The language of flows as the server describes it (JSON Schema): which fields a step has, and what a value may be.
// Knows no element of the page.
import { get, part } from "../../../api/client";

export interface Schema {
  $ref?: string;
  type?: string | string[];
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  required?: string[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
  format?: string;
  patternErrorMessage?: string;
  description?: string;
  definitions?: Record<string, Schema>;
}

/** How a value is shown in a form. `text` stands for what only the text can hold. */
export type Field =
  | { kind: "truth" }
  | { kind: "choice"; options: string[]; free: boolean }
  | { kind: "number"; least: number | undefined; most: number | undefined }
  | { kind: "word"; pattern: string | undefined; says: string | undefined }
  | { kind: "target"; options: string[] }
  | { kind: "targets"; names: string[]; options: string[] }
  | { kind: "prompt" }
  | { kind: "expression" }
  | { kind: "other" };

/** The schema, read once; none where the server has none. */
export async function readSchema(): Promise<Schema | null> {
  return get<Schema>(`/${part("flows")}/schema`).catch(() => null);
}

function resolved(root: Schema, schema: Schema): Schema {
  const name = schema.$ref?.replace("#/definitions/", "");
  return name === undefined ? schema : (root.definitions?.[name] ?? schema);
}

/** The forms that a value may have, one below the other. */
function forms(root: Schema, schema: Schema): Schema[] {
  const whole = resolved(root, schema);
  return whole.anyOf === undefined ? [whole] : [...(whole.properties === undefined ? [] : [whole]), ...whole.anyOf.flatMap((one) => forms(root, one))];
}

const refers = (schema: Schema, name: string): boolean =>
  schema.$ref === `#/definitions/${name}` || (schema.anyOf?.some((one) => refers(one, name)) ?? false);

const words = (values: unknown[] | undefined): string[] => (values ?? []).filter((value) => typeof value === "string" || typeof value === "number").map(String);

/** The long form of an action's value. What may stand in a prompt's place is none. */
function longForm(root: Schema, step: Schema): Schema | undefined {
  const own = (step.anyOf ?? [step]).filter((form) => form.$ref !== "#/definitions/said");
  return own.flatMap((form) => (form.anyOf !== undefined && form.properties === undefined ? form.anyOf.filter((inner) => inner.$ref !== "#/definitions/said") : [form])).flatMap((form) => forms(root, form)).find((form) => form.properties !== undefined);
}

/** The long form of an action's value: its fields. */
export function fieldsOf(root: Schema | null, action: string): Record<string, Schema> {
  const step = root?.definitions?.["step"]?.properties?.[action];
  if (root === null || step === undefined) return {};
  return longForm(root, step)?.properties ?? {};
}

/** The field that a short form stands for: `play: greeting` is `play: { prompt: greeting }`. */
export function mainField(root: Schema | null, action: string): string | null {
  const step = root?.definitions?.["step"]?.properties?.[action];
  if (root === null || step === undefined) return null;
  return longForm(root, step)?.required?.[0] ?? null;
}

export function actionSays(root: Schema | null, action: string): string {
  return root?.definitions?.["step"]?.properties?.[action]?.description ?? "";
}

export function fieldOf(root: Schema, name: string, schema: Schema): Field {
  const all = forms(root, schema);
  const options = [...new Set(all.flatMap((form) => words(form.enum)))];
  if (refers(schema, "said")) return { kind: "prompt" };
  const map = all.find((form) => form.type === "object" && (form.patternProperties !== undefined || form.properties !== undefined));
  const inner = map === undefined ? undefined : (Object.values(map.patternProperties ?? {})[0] ?? Object.values(map.properties ?? {})[0]);
  if (map !== undefined && inner !== undefined && (refers(inner, "target") || refers(inner, "choice"))) {
    const ends = [...new Set(forms(root, inner).flatMap((form) => words(form.enum)))];
    return { kind: "targets", names: Object.keys(map.properties ?? {}), options: ends };
  }
  if (refers(schema, "target") || (name === "to" && options.includes("hangup")) || name === "then") return { kind: "target", options };
  if (all.some((form) => form.type === "boolean")) return { kind: "truth" };
  if (options.length > 0) return { kind: "choice", options, free: all.some((form) => form.enum === undefined && form.type !== "object") };
  if (all.some((form) => form.format === "expression")) return { kind: "expression" };
  const number = all.find((form) => form.type === "integer" || form.type === "number");
  if (number !== undefined) return { kind: "number", least: number.minimum, most: number.maximum };
  const word = all.find((form) => form.type === "string" || (Array.isArray(form.type) && form.type.includes("string")));
  return word === undefined ? { kind: "other" } : { kind: "word", pattern: word.pattern, says: word.patternErrorMessage };
}

/** Words that the schema offers for a field of an action: the company's queues for `queue`, its mailboxes, its calendars. */
export function offered(root: Schema | null, action: string, field: string): string[] {
  const schema = fieldsOf(root, action)[field];
  return root === null || schema === undefined ? [] : [...new Set(forms(root, schema).flatMap((form) => words(form.enum)))];
}
