// The agent's cable is pulled in the middle of a talk: the browser finds the other way, and the talk goes on.
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, expect, test, type Page } from "@playwright/test";
import { binary, hears, startDemoBehind, type Demo } from "./demo.js";
import { SERVER, startNetwork, type Network } from "./network.js";

/** Both hear each other again within this time, in milliseconds. */
const PROMISED = 5000;
/** Where the agent hears the caller again, the caller hears the agent a moment later; the recordings tell when. */
const SETTLES = 3000;

/** What went on, printed when the story fails. */
const told: string[] = [];
let network: Network;
let demo: Demo;

test.beforeAll(async () => {
  network = await startNetwork(process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell");
  demo = await startDemoBehind(network.server, "--no-sim", "--lan");
});
test.afterEach(({}, { status, expectedStatus }) => {
  if (status === expectedStatus) return;
  console.log(told.join("\n"));
  const records = execFileSync("find", [join(demo.data, "interactions"), "-name", "interaction.json"]).toString().trim();
  for (const file of records.split("\n").filter((one) => one !== "")) console.log(readFileSync(file, "utf8"));
});
test.afterAll(async () => {
  await demo.stop();
  network.stop();
});

test("a pulled cable costs the talk less than five seconds", async () => {
  test.setTimeout(180_000);
  expect(demo.links.agent).toContain(`https://${SERVER}:`);
  const prompts = join(demo.data, "fernhill/prompts/en");
  const browser = await chromium.launch({
    executablePath: network.browser,
    args: [
      "--no-sandbox",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-audio-capture=${join(prompts, "agent-1.wav")}`,
    ],
  });
  const context = await browser.newContext({ ignoreHTTPSErrors: true, permissions: ["microphone"] });
  const agent = await context.newPage();
  await keepConnections(agent);
  let phones = 0;
  const began = Date.now();
  const tell = (what: string): void => void told.push(`${String(Date.now() - began)} ms: ${what}`);
  agent.on("websocket", (socket) => {
    phones += socket.url().endsWith("/sip") ? 1 : 0;
    tell(`connects ${socket.url()}`);
    socket.on("close", () => tell(`closed ${socket.url()}`));
  });
  agent.on("requestfailed", (request) => tell(`${request.failure()?.errorText ?? "failed"} ${request.url()}`));
  const page = await agent.goto(demo.links.agent);
  expect(await page?.securityDetails()).toMatchObject({ subjectName: "Cordboard demo" });
  expect(demo.text).toContain("will warn once");
  const cookie = (await context.cookies()).find(({ name }) => name === "cordboard_session");
  expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: "Strict" });
  await agent.getByRole("button", { name: "Go available" }).click();
  await expect(agent.locator("#state")).toContainText("Available", { timeout: 20_000 });

  const heard = join(demo.data, "heard.wav");
  const place = [`sip:9000@${SERVER}:${String(demo.sip)}`, "--from", "+34600000101", "--press", "2", "--for", "60s"];
  const sound = ["--play", join(prompts, "agent-2.wav"), "--record", heard];
  const [program = "", ...words] = [...network.server, binary(), "call", ...place, ...sound];
  const caller = spawn(program, words, { stdio: "ignore" });
  const over = new Promise((resolve) => caller.once("exit", resolve));
  await expect(agent.getByRole("button", { name: "Answer" })).toBeEnabled({ timeout: 30_000 });
  await agent.getByRole("button", { name: "Answer" }).click();
  await expect(agent.getByRole("article", { name: /Call with/ })).toBeVisible();
  await hears(agent);

  // The browser knew the other cable's address from the start.
  let listening = silence(agent);
  network.pull();
  tell("pulled");
  const pulled = await listening;
  // And now one that it hears of for the first time, while the name that it registered by has ended.
  await agent.waitForTimeout(SETTLES);
  await useUpNames(agent);
  listening = silence(agent);
  network.change();
  tell("changed");
  const changed = await listening;
  console.log(`the agent heard nothing for ${String(pulled)} ms, then for ${String(changed)} ms`);
  expect(Math.max(pulled, changed)).toBeLessThan(PROMISED);
  expect(phones, "connections of the phone").toBeGreaterThan(2);
  await agent.waitForTimeout(SETTLES);
  const heldAt = Date.now();
  // What the page asks for by HTTP and hears from /live takes the new way too.
  await agent.keyboard.press("Alt+Shift+H");
  await expect(agent.getByText("On hold")).toBeVisible();
  await agent.keyboard.press("Alt+Shift+H");
  await expect(agent.getByText("On hold")).toBeHidden();
  caller.kill("SIGINT");
  await over;
  const held = (Date.now() - heldAt) / 1000 + 0.5;
  // The server's BYE came by the new connection, and the agent did not lose the phone.
  await expect(agent.locator("#state")).toContainText("Wrap-up");
  await expect(agent.getByText("No call.")).toBeVisible();
  await expect(agent.getByRole("button", { name: "Phone is ready" })).toBeVisible();
  const record = channels(recording(demo.data));
  const [customer = 0, own = 0] = record.sides.map((side) => holes(side.subarray(0, -held * record.rate), record.rate));
  const caught = channels(readFileSync(heard));
  const hole = Math.min(...caught.sides.map((side) => holes(side.subarray(0, -held * caught.rate), caught.rate)));
  console.log(`silent in the recording: customer ${String(customer)} ms, agent ${String(own)} ms; to the caller ${String(hole)} ms`);
  expect(hole).toBeLessThan(PROMISED);
  expect(own).toBeLessThan(PROMISED);
  expect(customer).toBeLessThan(2000);
  await browser.close();
});

/** Keeps the page's peer connections where a story can ask them. */
async function keepConnections(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const own = window as unknown as { kept: RTCPeerConnection[] };
    own.kept = [];
    const Original = RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
      constructor(...words: ConstructorParameters<typeof Original>) {
        super(...words);
        own.kept.push(this);
      }
    };
  });
}

/** The longest time in which the page's telephone plays nothing, in milliseconds: until it is over a loss, or for a while. */
function silence(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const end = Date.now() + 6000;
    let [before, heard, worst, longer] = [0, Date.now(), 0, false];
    while (Date.now() < end) {
      let sum = 0;
      const { kept } = window as unknown as { kept: RTCPeerConnection[] };
      if (kept.every((connection) => connection.signalingState === "closed")) throw new Error("the call is over");
      for (const connection of kept) {
        // Some browsers never answer for one that is closed.
        if (connection.signalingState === "closed") continue;
        (await connection.getStats()).forEach((entry: Record<string, number | string>) => {
          if (entry.type === "inbound-rtp") sum += Number(entry.totalAudioEnergy ?? 0);
        });
      }
      worst = Math.max(worst, Date.now() - heard);
      if (sum - before > 0.000_005) {
        heard = Date.now();
        // No pause of the voice that is heard is as long.
        if (longer) break;
      }
      longer = worst > 1000;
      before = sum;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return worst;
  });
}

/** Asks for so many names for phones that the first one of this session ends. */
async function useUpNames(page: Page): Promise<void> {
  const last = await page.evaluate(async () => {
    const own = await fetch("/api/v1/session", { signal: AbortSignal.timeout(10_000) });
    const session = (await own.json()) as { csrf: string };
    let status = 0;
    for (let n = 0; n < 16; n += 1) {
      const signal = AbortSignal.timeout(10_000);
      const answer = await fetch("/api/v1/phone/credentials", { method: "POST", headers: { "X-CSRF-Token": session.csrf }, signal });
      status = answer.status;
    }
    return status;
  });
  expect(last).toBe(200);
}

/** The longest silence of levels of 50 ms each, in milliseconds. */
function longest(levels: number[]): number {
  let [worst, now] = [0, 0];
  for (const level of levels) {
    now = level > 0.01 ? 0 : now + 50;
    worst = Math.max(worst, now);
  }
  return worst;
}

function recording(data: string): Buffer {
  const found = execFileSync("find", [join(data, "interactions"), "-name", "recording-1.wav"]).toString().trim();
  return readFileSync(found);
}

/** The channels of a PCM16 WAV. */
function channels(wav: Buffer): { sides: Int16Array[]; rate: number } {
  const at = wav.indexOf("data") + 8;
  const length = Math.floor((wav.length - at) / 4) * 4;
  const samples = new Int16Array(wav.buffer.slice(wav.byteOffset + at, wav.byteOffset + at + length));
  const count = wav.readUInt16LE(22);
  const sides = Array.from({ length: count }, (_, side) => samples.filter((_, n) => n % count === side));
  return { sides, rate: wav.readUInt32LE(24) };
}

/** The longest hole in a channel, in milliseconds, by pieces of 50 ms. */
function holes(samples: Int16Array, rate: number): number {
  const piece = rate / 20;
  const levels: number[] = [];
  for (let at = 0; at + piece <= samples.length; at += piece) {
    const loud = samples.subarray(at, at + piece).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    levels.push(loud / 32_768);
  }
  return longest(levels);
}
