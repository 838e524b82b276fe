// One person with nothing but a browser is customer, agent and supervisor of the real program.
import { expect, test, type Page } from "@playwright/test";
import { hears, startDemo, type Demo } from "./demo.js";

let demo: Demo;

test.beforeAll(async () => {
  demo = await startDemo("--no-sim");
});
test.afterAll(async () => demo.stop());

/** Packets that the page's call sends within three seconds. */
async function sends(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const [call] = (window as unknown as { calls: RTCPeerConnection[] }).calls;
    const sent = async (): Promise<number> => {
      let packets = 0;
      (await call?.getStats())?.forEach((one: { type: string; packetsSent?: number }) => {
        if (one.type === "outbound-rtp") packets = one.packetsSent ?? 0;
      });
      return packets;
    };
    const before = await sent();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return (await sent()) - before;
  });
}

test("the demo's story in three tabs", async ({ browser }) => {
  test.setTimeout(240_000);
  const context = await browser.newContext({ permissions: ["microphone"] });
  const agent = await context.newPage();
  await agent.goto(demo.links.agent);
  await agent.getByRole("button", { name: "Go available" }).click();
  await expect(agent.locator("#state")).toContainText("Available", { timeout: 20_000 });
  const supervisor = await context.newPage();
  await supervisor.goto(demo.links.supervisor);
  await expect(supervisor.getByRole("row", { name: /Available/ })).toBeVisible();
  const customer = await context.newPage();
  await customer.addInitScript(() => {
    const all: RTCPeerConnection[] = [];
    (window as unknown as { calls: RTCPeerConnection[] }).calls = all;
    const Native = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        all.push(this);
      }
    };
  });
  await customer.goto(demo.links.customer);
  await customer.getByRole("button", { name: "Call", exact: true }).click();
  await expect(customer.getByRole("status", { name: "Display" })).toContainText("Connected", { timeout: 20_000 });
  await hears(customer);
  // The scripted caller speaks by turns; its packets go on between two phrases as a telephone's do.
  expect(await sends(customer)).toBeGreaterThan(120);
  await customer.getByRole("button", { name: "2", exact: true }).click();
  await agent.bringToFront();
  await expect(agent.getByRole("article", { name: /Offer/ })).toBeVisible({ timeout: 30_000 });
  await expect(agent.getByRole("button", { name: "Answer" })).toBeEnabled();
  await agent.keyboard.press("Enter");
  await expect(agent.getByRole("article", { name: /Call with/ })).toBeVisible();
  await hears(agent);
  await hears(customer);
  await expect(supervisor.getByRole("row", { name: /On a call/ })).toBeVisible();
  await agent.keyboard.press("Alt+Shift+N");
  await agent.keyboard.type("Wheel is bent. <b>Sends photos.</b>");
  await expect(agent.locator("#notes-state")).toHaveText("Saved");
  await agent.waitForTimeout(3000);
  await agent.screenshot({ path: "dist/shots/real-desk-call.png" });
  await supervisor.screenshot({ path: "dist/shots/real-floor-call.png" });
  await agent.keyboard.press("Alt+Shift+E");
  await expect(agent.locator("#state")).toContainText("Wrap-up");
  const hangUp = customer.getByRole("button", { name: "Hang up" });
  if (await hangUp.isVisible()) await hangUp.click().catch(() => undefined);
  await expect(customer.getByRole("heading", { name: "Your call" })).toBeVisible({ timeout: 30_000 });
  // "Listen to your call, see its path": the customer's own, and nothing else.
  await customer.bringToFront();
  const own = customer.getByRole("region", { name: "Your call" });
  await expect(own.locator(".axis li", { hasText: "Talked with" })).toBeVisible({ timeout: 20_000 });
  await expect(own.locator(".axis li", { hasText: "(key 2)" })).toBeVisible();
  await own.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => customer.locator(".player audio").evaluate((audio) => (audio as HTMLAudioElement).currentTime)).toBeGreaterThan(0.5);
  await expect(own).not.toContainText("Wheel is bent");
  expect(await customer.evaluate(async () => (await fetch("/api/v1/queues")).status)).toBe(403);
  await customer.screenshot({ path: "dist/shots/real-your-call.png", fullPage: true });
  await supervisor.bringToFront();
  await supervisor.getByRole("link", { name: "Calls" }).click();
  await supervisor.getByRole("table").getByRole("link").first().click();
  await expect(supervisor.getByRole("button", { name: "Play" })).toBeEnabled();
  await supervisor.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => supervisor.locator("audio").evaluate((audio) => (audio as HTMLAudioElement).currentTime)).toBeGreaterThan(0.5);
  await expect(supervisor.getByText("Wheel is bent. <b>Sends photos.</b>")).toBeVisible();
  const ladder = supervisor.getByRole("region", { name: "SIP messages" });
  // The customer's, the same with the proof that was asked for, and ours to the agent.
  await expect(ladder.getByRole("button", { name: /INVITE/ })).toHaveCount(3);
  await ladder.getByRole("button", { name: /200 OK/ }).first().click();
  await expect(ladder.locator("pre")).toContainText("Call-ID");
  await expect(ladder.locator("pre")).not.toContainText(/Digest|ice-pwd:[^(]/);
  await supervisor.screenshot({ path: "dist/shots/real-one-call.png", fullPage: true });
});
