// The real program with Opus before the other codecs: two browsers hear each other by it, keys count, the record is whole.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { hears, startDemo, type Demo } from "./demo.js";

let demo: Demo;

test.beforeAll(async () => {
  demo = await startDemo("--no-sim", "--opus");
});
test.afterAll(async () => demo.stop());

/** Keeps the page's peer connections where a test finds them. */
function keepConnections(): void {
  const kept: RTCPeerConnection[] = [];
  const Own = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Own {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      kept.push(this);
    }
  };
  Object.assign(window, { keptConnections: kept });
}

interface Heard {
  codec: string;
  format: string;
  packets: number;
  lost: number;
  sends: string;
}

/** What the newest connection of a page receives and sends, by its own count. */
function heard(page: Page): Promise<Heard> {
  return page.evaluate(async () => {
    const kept = (window as unknown as { keptConnections: RTCPeerConnection[] }).keptConnections;
    const stats = [...((await kept.at(-1)?.getStats()) ?? new Map<string, Record<string, unknown>>()).values()] as Record<string, unknown>[];
    const of = (type: string) => stats.find((one) => one["type"] === type && one["kind"] === "audio") ?? {};
    const codec = (flow: Record<string, unknown>) => stats.find((one) => one["id"] === flow["codecId"]) ?? {};
    const [inbound, outbound] = [of("inbound-rtp"), of("outbound-rtp")];
    return {
      codec: String(codec(inbound)["mimeType"]),
      format: String(codec(outbound)["sdpFmtpLine"]),
      packets: Number(inbound["packetsReceived"]),
      lost: Number(inbound["packetsLost"]),
      sends: String(codec(outbound)["mimeType"]),
    };
  });
}

/** The loudest tenth of a second of each side of the newest recording, 0 to 1, and the softest. */
function recorded(): { loud: number; soft: number }[] {
  const folder = join(demo.data, "interactions");
  const file = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith("recording-1.wav"));
  if (file === undefined) throw new Error(`no recording below ${folder}`);
  const bytes = readFileSync(join(folder, file));
  const begins = bytes.indexOf("data", 12, "latin1") + 8;
  return [0, 2].map((side) => {
    const levels: number[] = [];
    for (let at = begins; at + 3200 <= bytes.length; at += 3200) {
      let energy = 0;
      for (let frame = at; frame < at + 3200; frame += 4) energy += (bytes.readInt16LE(frame + side) / 32768) ** 2;
      levels.push(Math.sqrt(energy / 800));
    }
    return { loud: Math.max(...levels), soft: Math.min(...levels) };
  });
}

test("an agent and a customer hear each other in Opus and are recorded", async ({ browser }) => {
  test.setTimeout(240_000);
  const context = await browser.newContext({ permissions: ["microphone"] });
  await context.addInitScript(keepConnections);
  const agent = await context.newPage();
  await agent.goto(demo.links.agent);
  await agent.getByRole("button", { name: "Go available" }).click();
  await expect(agent.locator("#state")).toContainText("Available", { timeout: 20_000 });
  const customer = await context.newPage();
  await customer.goto(demo.links.customer);
  await customer.getByRole("button", { name: "Call", exact: true }).click();
  await expect(customer.getByRole("status", { name: "Display" })).toContainText("Connected", { timeout: 20_000 });
  await hears(customer);
  // A key as an event on Opus's clock.
  await customer.getByRole("button", { name: "2", exact: true }).click();
  await agent.bringToFront();
  await expect(agent.getByRole("button", { name: "Answer" })).toBeEnabled({ timeout: 30_000 });
  await agent.keyboard.press("Enter");
  await expect(agent.getByRole("article", { name: /Call with/ })).toBeVisible();
  await hears(agent);
  await hears(customer);
  await agent.waitForTimeout(2000);
  for (const page of [agent, customer]) {
    const flow = await heard(page);
    expect([flow.codec, flow.sends]).toEqual(["audio/opus", "audio/opus"]);
    expect(flow.format).toContain("useinbandfec=1");
    expect(flow.packets).toBeGreaterThan(50);
    expect(flow.lost).toBe(0);
  }
  await agent.keyboard.press("Alt+Shift+E");
  await expect(agent.locator("#state")).toContainText("Wrap-up");
  // The last of it is written a moment after the page shows the end.
  const whole = (): boolean => recorded().every(({ loud, soft }) => loud > 0.03 && soft < loud / 4);
  await expect.poll(whole, { message: JSON.stringify(recorded()) }).toBe(true);
});
