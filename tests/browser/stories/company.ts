// The real program as a company runs it: its own settings, flows in the database, people who sign in by password.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Browser, type Page } from "@playwright/test";
import { binary, freePort } from "./demo.js";

const example = new URL("../../../ivr-flows/examples/fernhill", import.meta.url).pathname;
const PASSWORD = "a password of the stories";

export interface Company {
  url: string;
  folder: string;
  sip: number;
  /** Signs somebody in with a browser of their own, which starts at `to`. */
  enter: (browser: Browser, login: string, to: string, view?: { width?: number; dark?: boolean }) => Promise<Page>;
  /** Places a call that presses these keys, and hears `seconds` of it: mono samples. */
  hears: (keys: string, seconds: number) => Promise<Buffer>;
  /** Everybody leaves; what they typed last is saved first. */
  leave: () => Promise<void>;
  /** Ends it the hard way and starts it again. */
  crash: () => Promise<void>;
  stop: () => void;
}

/** Starts one; `problems` gathers the errors of its pages. */
export async function startCompany(problems: string[], master: "database" | "files" = "database"): Promise<Company> {
  const folder = mkdtempSync(join(tmpdir(), "cordboard-company-"));
  cpSync(example, folder, { recursive: true });
  const file = join(folder, "company.toml");
  writeFileSync(file, readFileSync(file, "utf8").replaceAll("[[agents]]", `[[agents]]\npassword = "${PASSWORD}"`));
  const [http, sip] = [await freePort(), await freePort()];
  const settings = join(folder, "cordboard.toml");
  const lines = ["[node]", 'data = "data"', "[sip]", `listen = ["udp:127.0.0.1:${sip}"]`, "[http]", `listen = "127.0.0.1:${http}"`, "[flows]", `master = "${master}"`, "[speech]", 'command = "espeak-ng -v {lang} --stdout"'];
  writeFileSync(settings, `${lines.join("\n")}\n`);
  for (const [login, role] of [
    ["sam", "supervisor"],
    ["pia", "publisher"],
    ["eva", "author"],
  ] as const) {
    execFileSync(binary(), ["user", "create", "--config", settings, "--login", login, "--role", role], { input: `${PASSWORD}\n` });
  }
  const url = `http://localhost:${http}`;
  let child = await serving(settings, url);
  const pages: Page[] = [];
  return {
    url,
    folder,
    sip,
    enter: async (browser, login, to, view) => {
      const page = await enter(browser, url, login, to, view ?? {}, problems);
      pages.push(page);
      return page;
    },
    leave: async () => {
      for (const page of pages.splice(0)) {
        await expect(page.getByText(/changes are saved in a moment|saving…/i)).toHaveCount(0);
        await page.context().close();
      }
    },
    hears: (keys, seconds) => hears(folder, sip, keys, seconds),
    crash: async () => {
      child.kill("SIGKILL");
      child = await serving(settings, url);
    },
    stop: () => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serving(settings: string, url: string): Promise<ChildProcess> {
  const child = spawn(binary(), ["serve", "--config", settings], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await expect(async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${text}`);
    expect((await fetch(`${url}/healthz`)).ok).toBe(true);
  }).toPass({ timeout: 60_000 });
  return child;
}

async function enter(browser: Browser, url: string, login: string, to: string, { width = 1400, dark = false }: { width?: number; dark?: boolean }, problems: string[]): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce", permissions: ["microphone"] });
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(`${login}: ${error.message}`));
  page.on("console", (message) => {
    // A server that is gone for a moment is part of the stories.
    const ofStory = /^Failed to load resource|^WebSocket connection to/.test(message.text());
    if (message.type() === "error" && !ofStory) problems.push(`${login}: ${message.text()}`);
  });
  await page.goto(`${url}/signin?to=${encodeURIComponent(to)}`);
  await page.getByLabel("Log-in name").fill(login);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**${to}`);
  return page;
}

function hears(folder: string, sip: number, keys: string, seconds: number): Promise<Buffer> {
  const heard = join(mkdtempSync(join(folder, "heard-")), "heard.wav");
  const words = ["call", `sip:9000@127.0.0.1:${sip}`, "--press", keys, "--record", heard, "--for", `${seconds}s`];
  return new Promise((resolve, reject) => {
    const child = spawn(binary(), words, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.once("exit", (code) => (code === 0 ? resolve(readFileSync(heard)) : reject(new Error(`the call ended with ${code}:\n${text}`))));
  });
}
