// The real program: a caller on hold, a supervisor who listens, a colleague who is asked first and then takes over.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { hears, startDemo, type Demo } from "./demo.js";

let demo: Demo;

test.beforeAll(async () => {
  demo = await startDemo("--no-sim");
});
test.afterAll(async () => demo.stop());

async function goAvailable(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Go available" }).click();
  await expect(page.locator("#state")).toContainText("Available", { timeout: 20_000 });
}

test("hold, a supervisor listens in, and a colleague is asked and takes the customer over", async ({ browser }) => {
  test.setTimeout(150_000);
  const context = await browser.newContext({ permissions: ["microphone"] });
  const agent = await context.newPage();
  await agent.goto(demo.links.agent);
  await goAvailable(agent);
  const customer = await context.newPage();
  await customer.goto(demo.links.customer);
  await customer.getByRole("button", { name: "Call", exact: true }).click();
  await expect(customer.getByRole("status", { name: "Display" })).toContainText("Connected", { timeout: 20_000 });
  await customer.getByRole("button", { name: "2", exact: true }).click();
  await agent.bringToFront();
  await expect(agent.getByRole("button", { name: "Answer" })).toBeEnabled({ timeout: 30_000 });
  await agent.keyboard.press("Enter");
  await expect(agent.getByRole("article", { name: /Call with/ })).toBeVisible();
  await hears(customer);

  await agent.keyboard.press("Alt+Shift+H");
  await expect(agent.getByText("On hold")).toBeVisible();
  await hears(customer);
  await agent.keyboard.press("Alt+Shift+H");
  await expect(agent.getByText("On hold")).toBeHidden();

  const supervisor = await context.newPage();
  await supervisor.goto(demo.links.supervisor);
  await supervisor.getByRole("button", { name: "Actions for You" }).click();
  await supervisor.getByRole("button", { name: "Listen" }).click();
  const listening = supervisor.getByRole("region", { name: "Listening in" });
  await expect(listening).toContainText("Listen: You", { timeout: 20_000 });
  await hears(supervisor);
  await supervisor.screenshot({ path: "dist/shots/real-listening.png" });
  await supervisor.getByRole("button", { name: "Leave" }).click();
  await expect(listening).toHaveCount(0);

  const password = /^ana = "(.+)"$/m.exec(readFileSync(join(demo.data, "users.toml"), "utf8"))?.[1] ?? "";
  const colleague = await (await browser.newContext({ permissions: ["microphone"] })).newPage();
  await colleague.goto(`http://127.0.0.1:${String(demo.http)}/signin`);
  await colleague.getByLabel("Log-in name").fill("ana");
  await colleague.getByLabel("Password").fill(password);
  await colleague.keyboard.press("Enter");
  await goAvailable(colleague);

  await agent.bringToFront();
  await agent.keyboard.press("Alt+Shift+T");
  await agent.keyboard.type("ana");
  await agent.getByRole("button", { name: /Ana Ruiz/ }).click();
  await agent.getByRole("button", { name: "Talk first" }).click();
  await expect(colleague.getByRole("button", { name: /Answer/ })).toBeEnabled({ timeout: 20_000 });
  await colleague.keyboard.press("Alt+Shift+A");
  await expect(agent.getByText("You talk with ana", { exact: false })).toBeVisible({ timeout: 20_000 });
  await hears(colleague);
  await agent.screenshot({ path: "dist/shots/real-consult.png" });
  await agent.getByRole("button", { name: "Hand over" }).click();
  await expect(agent.locator("#state")).toContainText("Wrap-up");
  await expect(colleague.locator("#state")).toContainText("On a call");
  await hears(customer);
  await colleague.screenshot({ path: "dist/shots/real-handed-over.png" });
  await customer.bringToFront();
  await customer.getByRole("button", { name: "Hang up" }).click();
  await expect(colleague.locator("#state")).toContainText("Wrap-up", { timeout: 20_000 });
});
