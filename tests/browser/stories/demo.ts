// The real program: its demo on free ports, the links that it prints, and what a page of it hears.
import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";

export interface Demo {
  links: { customer: string; agent: string; supervisor: string };
  /** What it printed. */
  text: string;
  data: string;
  http: number;
  sip: number;
  /** What the server holds at this moment, by its own word. */
  gauges: () => Promise<Map<string, number>>;
  /** What it holds more of than then, in words. */
  moreThan: (before: Map<string, number>) => Promise<string[]>;
  stop: () => Promise<void>;
}

const root = new URL("../../../", import.meta.url).pathname;

export function binary(): string {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const path = process.env.CORDBOARD ?? join(target, "debug/cordboard");
  if (!existsSync(path)) throw new Error(`${path} is not there: cargo build first, or name another by CORDBOARD`);
  return path;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** Starts the demo and waits for its links. */
export async function startDemo(...flags: string[]): Promise<Demo> {
  return startDemoBehind([], ...flags);
}

/** The same behind another command, such as one that enters a namespace. */
export async function startDemoBehind(before: string[], ...flags: string[]): Promise<Demo> {
  return start(mkdtempSync(join(tmpdir(), "cordboard-demo-")), before, flags);
}

/** The same without menu and wrap-up: whoever calls waits at once, and whoever has hung up is available. */
export async function quickDemo(): Promise<Demo> {
  const data = mkdtempSync(join(tmpdir(), "cordboard-demo-"));
  const [from, to] = [join(root, "ivr-flows/examples/fernhill"), join(data, "demo/fernhill")];
  const company = readFileSync(join(from, "company.toml"), "utf8");
  mkdirSync(join(to, "flows"), { recursive: true, mode: 0o700 });
  writeFileSync(join(to, "company.toml"), company.replaceAll(/^wrap_up = .*$/gm, 'wrap_up = "0s"'));
  writeFileSync(join(to, "flows/support.flow.yaml"), QUICK);
  return start(data, [], ["--no-sim"]);
}

const QUICK = `flow: 1
name: support
blocks:
  start:
    - answer:
    - queue: support
`;

/** Gauges that are as before as soon as all calls are over. */
const GIVEN_BACK = [
  "cordboard_calls_live",
  'cordboard_sip_held{kind="dialogs"}',
  "cordboard_sip_connections",
  "cordboard_media_legs",
  "cordboard_media_secured_legs",
  'cordboard_media_port_pairs{state="taken"}',
  "cordboard_tokio_tasks",
  "cordboard_process_open_fds",
  "cordboard_process_threads",
];
/** Kept for half a minute after a call, so that what is repeated is answered (RFC 6026 7.1): judged in the long form. */
const LATER = [
  'cordboard_media_port_pairs{state="resting"}',
  ...["legs", "transactions", "deadlines"].map((kind) => `cordboard_sip_held{kind="${kind}"}`),
];

async function gauges(http: number, data: string): Promise<Map<string, number>> {
  const token = readFileSync(join(data, "demo/supervisor-token"), "utf8").trim();
  const answer = await fetch(`http://127.0.0.1:${String(http)}/metrics`, { headers: { Authorization: `Bearer ${token}` } });
  const lines = (await answer.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const all = new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
  const judged = process.env.CORDBOARD_LONG === "1" ? [...GIVEN_BACK, ...LATER] : GIVEN_BACK;
  return new Map(
    judged.map((name) => {
      const value = all.get(name);
      if (value === undefined) throw new Error(`/metrics has no ${name}`);
      return [name, value];
    }),
  );
}

async function start(data: string, before: string[], flags: string[]): Promise<Demo> {
  const [http, sip] = [await freePort(), await freePort()];
  const ports = ["--http-port", String(http), "--sip-port", String(sip)];
  const [program = "", ...words] = [...before, binary(), "demo", "--data", join(data, "demo"), ...ports, ...flags];
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
  if (process.env.DEMO_LOG !== undefined) {
    const log = createWriteStream(process.env.DEMO_LOG, { flags: "a" });
    child.stdout?.pipe(log);
    child.stderr?.pipe(log);
  }
  const text = await printed(child);
  const link = (word: string): string => {
    const found = new RegExp(`^ *${word} +(http\\S+)`, "m").exec(text)?.[1];
    if (found === undefined) throw new Error(`no link for ${word} in:\n${text}`);
    return found;
  };
  return {
    links: { customer: link("Customer"), agent: link("Agent"), supervisor: link("Supervisor") },
    text,
    data: join(data, "demo"),
    http,
    sip,
    gauges: () => gauges(http, data),
    moreThan: async (before) => {
      const now = await gauges(http, data);
      return [...now].filter(([name, value]) => value > (before.get(name) ?? 0)).map(([name, value]) => `${name}: ${String(before.get(name))}, then ${String(value)}`);
    },
    stop: () => stop(child, data),
  };
}

function printed(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const more = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.includes("Stop with Ctrl-C")) resolve(text);
    };
    child.stdout?.on("data", more);
    child.stderr?.on("data", more);
    child.once("exit", (code) => reject(new Error(`the demo ended with ${code}:\n${text}`)));
    setTimeout(() => reject(new Error(`the demo printed no links:\n${text}`)), 60_000).unref();
  });
}

function stop(child: ChildProcess, data: string): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => {
      rmSync(data, { recursive: true, force: true });
      resolve();
    });
    child.kill("SIGTERM");
    // A second one ends at once.
    setTimeout(() => child.kill("SIGTERM"), 500);
  });
}

/** The loudest that the page's telephone gives within a while, by the meter that the page shows. */
export async function hears(page: Page): Promise<void> {
  const level = () => page.getByLabel("What you hear").evaluate((meter) => (meter as HTMLMeterElement).value);
  await expect.poll(level, { timeout: 30_000, intervals: [50] }).toBeGreaterThan(0.03);
}

/** Goes through the sound check until the agent is available. */
export async function goAvailable(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Go available" }).click();
  await expect(page.locator("#state")).toContainText("Available", { timeout: 20_000 });
}

/** Signs in by password, as one of the demo's users. */
export async function signIn(page: Page, demo: Demo, login: string): Promise<void> {
  const users = readFileSync(join(demo.data, "users.toml"), "utf8");
  await page.goto(`http://127.0.0.1:${String(demo.http)}/signin`);
  await page.getByLabel("Log-in name").fill(login);
  await page.getByLabel("Password").fill(new RegExp(`^${login} = "(.+)"$`, "m").exec(users)?.[1] ?? "");
  await page.keyboard.press("Enter");
}
