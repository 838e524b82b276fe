// One person with nothing but a browser is customer, agent and supervisor of the real program.
import { expect, test } from "@playwright/test";
import { hears, startDemo, type Demo } from "./demo.js";

let demo: Demo;

test.beforeAll(async () => {
  demo = await startDemo("--no-sim");
});
test.afterAll(async () => demo.stop());

test("the demo's story in three tabs", async ({ browser }) => {
  test.setTimeout(120_000);
  const context = await browser.newContext({ permissions: ["microphone"] });
  const agent = await context.newPage();
  await agent.goto(demo.links.agent);
  await agent.getByRole("button", { name: "Go available" }).click();
  await expect(agent.locator("#state")).toContainText("Available", { timeout: 20_000 });
  const supervisor = await context.newPage();
  await supervisor.goto(demo.links.supervisor);
  await expect(supervisor.getByRole("row", { name: /Available/ })).toBeVisible();
  const customer = await context.newPage();
  await customer.goto(demo.links.customer);
  await customer.getByRole("button", { name: "Call", exact: true }).click();
  await expect(customer.getByRole("status", { name: "Display" })).toContainText("Connected", { timeout: 20_000 });
  await hears(customer);
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
  await supervisor.bringToFront();
  await supervisor.getByRole("link", { name: "Calls" }).click();
  await supervisor.getByRole("table").getByRole("link").first().click();
  await expect(supervisor.getByRole("button", { name: "Play" })).toBeEnabled();
  await supervisor.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => supervisor.locator("audio").evaluate((audio) => (audio as HTMLAudioElement).currentTime)).toBeGreaterThan(0.5);
  await expect(supervisor.getByText("Wheel is bent. <b>Sends photos.</b>")).toBeVisible();
  await supervisor.screenshot({ path: "dist/shots/real-one-call.png", fullPage: true });
});
