// A call that was tried, as a test beside the flow (`NAME.test.yaml`). Knows no element of the page.
import type { Tried } from "../shapes";
import type { Caller } from "./try_it";

/** In quotes that YAML and JSON share. */
const quoted = (text: string): string => JSON.stringify(text);

const KEYS = /^[0-9A-D*#]+$/;

interface Step {
  name: string;
  /** `null`: the beginning. */
  line: number | null;
}

/** The prompts that were heard, in their order. */
function heard(tried: Tried): Step[] {
  return tried.moments.flatMap((one) => (one.kind === "hears" && one.prompt != null ? [{ name: one.prompt, line: one.line ?? null }] : []));
}

/** The test's lines, or why there can be none. */
export function asTest(flow: string, lines: string[], caller: Caller, calendars: string[], tried: Tried): string | { why: string } {
  const odd = lines.find((line) => line !== "" && !line.startsWith("+") && line !== "bye" && !KEYS.test(line));
  if (odd !== undefined) return { why: `“${odd}” cannot be saved by itself: write what agents and servers do under \`mock:\` and \`queue:\` of the test.` };
  const all = heard(tried);
  const acts = lines.flatMap((line, place) => {
    if (line === "" || line.startsWith("+")) return [];
    const before = all.filter((one) => one.line === null || one.line < place).at(-1);
    const after = before === undefined ? "" : `\n        after: ${before.name}`;
    return [line === "bye" ? `      - hang_up:${after}` : `      - press: ${quoted(line)}${after}`];
  });
  const expect = tried.moments.flatMap((one) => {
    if (one.kind === "hears" && one.prompt != null) return [`      - hears: ${one.prompt}`];
    return one.kind === "ended" ? ["      - ends:"] : [];
  });
  const who = caller.name.trim() === "" ? "nobody" : `{ name: ${quoted(caller.name.trim())}${caller.language === "" ? "" : `, language: ${caller.language}`} }`;
  const hours = caller.hours === "" || calendars.length === 0 ? [] : [`    hours: { ${calendars.map((name) => `${name}: ${caller.hours}`).join(", ")} }`];
  const keys = lines.filter((line) => KEYS.test(line)).join(", ");
  const name = `${keys === "" ? "a silent caller" : `keys ${keys}`} in ${flow}, saved from a trial`;
  return [`  - name: ${quoted(name)}`, `    customer: ${who}`, ...hours, ...(acts.length === 0 ? [] : ["    do:", ...acts]), "    expect:", ...expect].join("\n");
}

/** The tests with one more, whose name nothing bears yet. */
export function withTest(flow: string, tests: string | null, test: string): string {
  const before = tests === null || tests.trim() === "" ? `flow: ${flow}\n\ntests:\n` : tests;
  const name = /name: (".*")/.exec(test)?.[1] ?? "";
  const taken = before.split(name.slice(0, -1)).length - 1;
  const own = taken === 0 ? test : test.replace(name, `${name.slice(0, -1)} ${taken + 1}"`);
  return `${before.replace(/\n*$/, "\n")}\n${own}\n`;
}
