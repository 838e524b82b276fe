// The real program: its demo on free ports, the links that it prints, and what a page of it hears.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";

export interface Demo {
  links: { customer: string; agent: string; supervisor: string };
  data: string;
  http: number;
  stop: () => Promise<void>;
}

const root = new URL("../../../", import.meta.url).pathname;

function binary(): string {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const path = process.env.CORDBOARD ?? join(target, "debug/cordboard");
  if (!existsSync(path)) throw new Error(`${path} is not there: cargo build first, or name another by CORDBOARD`);
  return path;
}

function freePort(): Promise<number> {
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
  const data = mkdtempSync(join(tmpdir(), "cordboard-demo-"));
  const [http, sip] = [await freePort(), await freePort()];
  const ports = ["--http-port", String(http), "--sip-port", String(sip)];
  const child = spawn(binary(), ["demo", "--data", join(data, "demo"), ...ports, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  const text = await printed(child);
  const link = (word: string): string => {
    const found = new RegExp(`^ *${word} +(http\\S+)`, "m").exec(text)?.[1];
    if (found === undefined) throw new Error(`no link for ${word} in:\n${text}`);
    return found;
  };
  return {
    links: { customer: link("Customer"), agent: link("Agent"), supervisor: link("Supervisor") },
    data: join(data, "demo"),
    http,
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
