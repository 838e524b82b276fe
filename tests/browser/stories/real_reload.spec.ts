// The real program: the agent's page is loaded again in the middle of a talk. The customer is kept and comes back.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { customerCalls } from "./caller.js";
import { hears, quickDemo, type Demo } from "./demo.js";

let demo: Demo;

test.beforeAll(async () => {
  demo = await quickDemo();
});
test.afterAll(async () => demo.stop());

interface Record_ {
  outcome: string;
  queue_entries: unknown[];
  recordings: { marks: { kind: string; from: number; to: number }[] }[];
}

/** The record of the one interaction there is; none before it is written. */
function theRecord(): { record: Record_; wav: Buffer } | null {
  const months = join(demo.data, "interactions");
  const found = readdirSync(months, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith("interaction.json"));
  if (found === undefined) return null;
  const file = join(months, found);
  const record = JSON.parse(readFileSync(file, "utf8")) as Record_;
  return { record, wav: readFileSync(join(file, "../recording-1.wav")) };
}

/** The loudest sample of one side between these seconds, 0 to 1. */
function loudest(wav: Buffer, side: 0 | 1, from: number, to: number): number {
  const rate = wav.readUInt32LE(24);
  const frames = (wav.length - 44) / 4;
  let peak = 0;
  for (let at = Math.floor(from * rate); at < Math.min(frames, Math.floor(to * rate)); at += 1) {
    peak = Math.max(peak, Math.abs(wav.readInt16LE(44 + at * 4 + side * 2)));
  }
  return peak / 32_768;
}

/** The longest silence of one side, from and to in seconds. */
function silence(wav: Buffer, side: 0 | 1): [number, number] {
  const [piece, end] = [0.05, wav.length / 4 / wav.readUInt32LE(24)];
  let [longest, began]: [[number, number], number] = [[0, 0], 0];
  for (let at = 0; at < end; at += piece) {
    if (loudest(wav, side, at, at + piece) > 0.001) began = at + piece;
    else if (at + piece - began > longest[1] - longest[0]) longest = [began, at + piece];
  }
  return longest;
}

async function inTheTalk(agent: Page): Promise<void> {
  await expect(agent.getByRole("article", { name: /Call with/ })).toBeVisible({ timeout: 20_000 });
  await hears(agent);
}

test("a page that is loaded again in a talk has its caller back by itself", async ({ browser }) => {
  const context = await browser.newContext({ permissions: ["microphone"] });
  const agent = await context.newPage();
  await agent.goto(demo.links.agent);
  await agent.getByRole("button", { name: "Go available" }).click();
  await expect(agent.locator("#state")).toContainText("Available", { timeout: 20_000 });
  const customer = customerCalls(demo.sip, 1);
  await expect(agent.getByRole("article", { name: /Offer/ }).getByRole("button", { name: "Answer" })).toBeFocused({ timeout: 20_000 });
  await agent.keyboard.press("Enter");
  await inTheTalk(agent);
  await agent.waitForTimeout(1500);

  // The page asks first, because a call is on.
  let asked = "";
  agent.once("dialog", (dialog) => {
    asked = dialog.type();
    void dialog.accept();
  });
  const began = Date.now();
  await agent.reload();
  expect(asked).toBe("beforeunload");
  await expect(agent.locator("#state")).toContainText("On a call");
  await inTheTalk(agent);
  await expect(agent.getByText("Reconnecting")).toHaveCount(0);
  console.log(`    the caller was back ${String(Date.now() - began)} ms after the reload`);
  await agent.screenshot({ path: "dist/shots/real-reloaded.png" });
  await agent.waitForTimeout(2500);
  await agent.keyboard.press("Alt+Shift+E");
  await customer.done;
  await expect(agent.locator("#state")).toContainText("Available");

  await expect.poll(() => theRecord()?.record.outcome ?? null).toBe("answered");
  // What the recording says of itself comes when its file is finished.
  const marked = (): string[] => theRecord()?.record.recordings[0]?.marks.map((mark) => mark.kind) ?? [];
  await expect.poll(marked).toEqual(["reconnect"]);
  const found = theRecord();
  if (found === null) throw new Error("the record is gone");
  const { record, wav } = found;
  expect(record.queue_entries).toHaveLength(1);
  expect(record.recordings).toHaveLength(1);
  const marks = record.recordings[0]?.marks ?? [];
  expect(marks.map((mark) => mark.kind)).toEqual(["reconnect"]);
  const [from, to] = [marks[0]?.from ?? 0, marks[0]?.to ?? 0];
  const end = wav.length / 4 / wav.readUInt32LE(24);
  // Both are heard before and after the gap, in which there is nothing. A mark says when the talk was parted and joined
  // by the server's clock; on a busy machine the sound is a moment off, and the new page's microphone needs one to open.
  for (const side of [0, 1] as const) {
    const [quiet, again] = silence(wav, side);
    // On a slow machine the new page can be there before the server has parted the talk for long.
    const shared = Math.min(again, to) - Math.max(quiet, from);
    if (to - from > 0.5) expect(shared, `side ${String(side)} is silent in its mark`).toBeGreaterThan((to - from) / 2);
    expect(again - quiet, `side ${String(side)} comes back`).toBeLessThan(to - from + 3);
    expect(loudest(wav, side, 0, quiet)).toBeGreaterThan(0.02);
    expect(loudest(wav, side, again, end)).toBeGreaterThan(0.02);
  }
  await context.close();
});
