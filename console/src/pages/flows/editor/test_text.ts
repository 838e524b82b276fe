// A call that was tried, as a test beside the flow (`NAME.test.yaml`). Knows no element of the page.
import type { Tried } from "../shapes";
import type { Caller } from "./model";

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

/** What somebody else does, and how a test says it: what the flow said before tells whom it was about. */
interface Others {
  queue: Map<string, string>;
  http: Map<string, string>;
  calls: Map<string, string>;
}

const ENDS = ["timeout", "full", "closed", "no_agents"];
const CALLED = ["done", "busy", "no_answer", "failed"];

/** The last thing before this line of which `pattern` knows the name. */
function before(tried: Tried, place: number, kind: string, pattern: RegExp): string | null {
  const earlier = tried.moments.filter((one) => one.kind === kind && (one.line == null || one.line < place));
  return earlier.map((one) => pattern.exec(one.text)?.[1] ?? null).findLast((name) => name !== null) ?? null;
}

/** Keeps an answer; false where a test has no words for it, since another was given before. */
function answers(to: Map<string, string>, name: string | null, words: string): boolean {
  if (name === null || (to.get(name) ?? words) !== words) return false;
  to.set(name, words);
  return true;
}

/** Takes down what others do in this line; false where a test cannot say it. */
function others(line: string, place: number, tried: Tried, { queue, http, calls }: Others): boolean {
  const queued = (): string | null => before(tried, place, "queued", /^waits in queue (.+)$/);
  if (ENDS.includes(line)) return answers(queue, queued(), `ends: ${line}`);
  const told = /^place (\d+)(?: (\S+))?$/.exec(line);
  if (told !== null) return answers(queue, queued(), `position: ${told[1]}${told[2] === undefined ? "" : `, expected_wait: ${told[2]}`}`);
  if (CALLED.includes(line)) return answers(calls, before(tried, place, "asks", /^(.+) is called, for /), line);
  const answer = /^http (timeout|unreachable|(\d{3})(?: (.+))?)$/.exec(line);
  if (answer === null) return false;
  const [, whole = "", status, body] = answer;
  const words = status === undefined ? whole : `{ status: ${status}${body === undefined ? "" : `, body: ${body}`} }`;
  return answers(http, before(tried, place, "asks", /^asks a server outside: \S+ by (.+)$/), words);
}

const ACTS: Record<string, string> = { bye: "hang_up:", agent: "agent: answers", left: "agent: leaves" };

/** `key: { NAME: VALUE, … }`, or nothing. */
function mapped(key: string, values: Map<string, string>, wrap: (value: string) => string): string[] {
  const each = [...values].map(([name, value]) => `${quoted(name)}: ${wrap(value)}`);
  return each.length === 0 ? [] : [`${key}: { ${each.join(", ")} }`];
}

/** The test's lines, or why there can be none. */
export function asTest(flow: string, lines: string[], caller: Caller, calendars: string[], tried: Tried): string | { why: string } {
  const all = heard(tried);
  const said: Others = { queue: new Map(), http: new Map(), calls: new Map() };
  const acts: string[] = [];
  for (const [place, line] of lines.entries()) {
    const act = KEYS.test(line) ? `press: ${quoted(line)}` : ACTS[line];
    if (line === "" || line.startsWith("+")) continue;
    if (act === undefined) {
      if (others(line, place, tried, said)) continue;
      return { why: `“${line}” cannot be saved by itself: write what agents and servers do under \`mock:\` and \`queue:\` of the test.` };
    }
    const last = all.filter((one) => one.line === null || one.line < place).at(-1);
    const after = last === undefined || line === "agent" || line === "left" ? "" : `\n        after: ${last.name}`;
    acts.push(`      - ${act}${after}`);
  }
  const expect = tried.moments.flatMap((one) => {
    if (one.kind === "hears" && one.prompt != null) return [`      - hears: ${one.prompt}`];
    return one.kind === "ended" ? ["      - ends:"] : [];
  });
  const who = caller.name.trim() === "" ? "nobody" : `{ name: ${quoted(caller.name.trim())}${caller.language === "" ? "" : `, language: ${caller.language}`} }`;
  const hours = caller.hours === "" || calendars.length === 0 ? [] : [`    hours: { ${calendars.map((name) => `${name}: ${caller.hours}`).join(", ")} }`];
  const from = caller.from.trim() === "" ? [] : [`    caller: ${quoted(caller.from.trim())}`];
  const now = caller.at === "" ? [] : [`    now: ${quoted(caller.at)}`];
  const queue = mapped("    queue", said.queue, (value) => `{ ${value} }`);
  const http = mapped("    mock: { http", said.http, (value) => value).map((line) => `${line} }`);
  const calls = mapped("    calls", said.calls, (value) => value);
  const keys = lines.filter((line) => KEYS.test(line)).join(", ");
  const name = `${keys === "" ? "a silent caller" : `keys ${keys}`} in ${flow}, saved from a trial`;
  const head = [`  - name: ${quoted(name)}`, ...now, ...from, `    customer: ${who}`, ...hours, ...queue, ...http, ...calls];
  return [...head, ...(acts.length === 0 ? [] : ["    do:", ...acts]), "    expect:", ...expect].join("\n");
}

/** The tests with one more, whose name nothing bears yet. */
export function withTest(flow: string, tests: string | null, test: string): string {
  const before = tests === null || tests.trim() === "" ? `flow: ${flow}\n\ntests:\n` : tests;
  const name = /name: (".*")/.exec(test)?.[1] ?? "";
  const taken = before.split(name.slice(0, -1)).length - 1;
  const own = taken === 0 ? test : test.replace(name, `${name.slice(0, -1)} ${taken + 1}"`);
  return `${before.replace(/\n*$/, "\n")}\n${own}\n`;
}
