// The real program: a supervisor in a browser, who is no agent, listens, whispers, barges in and takes the call over; in
// between agent, colleague and customer talk as three. People with voices of their own, judged at every ear.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { binary, goAvailable, signIn, startDemo, type Demo } from "./demo.js";
import { measured, type Person } from "./ear.js";
import { ears } from "./ears.js";

let demo: Demo;
let people: Person[] = [];

test.beforeAll(async () => {
  // No sum and no difference of some of them is another: G.711 makes these of voices that sound together.
  [demo, ...people] = await Promise.all([startDemo("--no-sim"), ...[1_240, 1_675, 1_859, 2_144].map(measured)]);
});
test.afterAll(async () => {
  await Promise.all(people.map((one) => one.leave()));
  await demo.stop();
});

/** What the audit says of those who listened in: who, how, and with which answer, oldest first. */
async function listens(): Promise<string[]> {
  const token = execFileSync(binary(), ["token", "create", "--role", "admin", "--config", join(demo.data, "cordboard.toml")]);
  const answer = await fetch(`http://127.0.0.1:${String(demo.http)}/api/v1/audit?limit=200`, {
    headers: { Authorization: `Bearer ${token.toString().trim()}` },
  });
  const { items } = (await answer.json()) as { items: { actor: string; action: string; object: string; status: number }[] };
  const rows = items.filter(({ object }) => object.endsWith("/monitor")).reverse();
  return rows.map(({ actor, action, status }) => `${actor} ${/\((.+)\)$/.exec(action)?.[1] ?? action} ${String(status)}`);
}

test("a supervisor listens, whispers, barges in and takes over; three talk and hear all but themselves", async () => {
  test.setTimeout(300_000);
  const [customer, agent, colleague, supervisor] = people;
  if (!customer || !agent || !colleague || !supervisor) throw new Error("somebody did not come");
  await Promise.all([agent.page.goto(demo.links.agent), supervisor.page.goto(demo.links.supervisor), customer.page.goto(demo.links.customer)]);
  await goAvailable(agent.page);
  // Their own voice, no scripted one.
  await customer.page.getByLabel(/Scripted caller/).uncheck();
  await customer.page.getByRole("button", { name: "Call", exact: true }).click();
  await expect(customer.page.getByRole("status", { name: "Display" })).toContainText("Connected", { timeout: 20_000 });
  await customer.page.getByRole("button", { name: "2", exact: true }).click();
  const offered = agent.page.getByRole("button", { name: "Answer" });
  await expect(offered).toBeEnabled({ timeout: 30_000 });
  await expect(offered).toBeFocused();
  await agent.page.keyboard.press("Enter");
  await expect(agent.page.getByRole("article", { name: /Call with/ })).toBeVisible();

  await supervisor.page.getByRole("button", { name: "Actions for You" }).click();
  await supervisor.page.getByRole("button", { name: "Listen" }).click();
  const listening = supervisor.page.getByRole("region", { name: "Listening in" });
  await expect(listening).toContainText("Listen: You", { timeout: 20_000 });
  await test.step("listen", () =>
    ears(people, [
      [customer, [agent]],
      [agent, [customer]],
      [supervisor, [customer, agent]],
    ]));
  await listening.getByRole("button", { name: "Whisper" }).click();
  await expect(listening).toContainText("Whisper: You");
  await test.step("whisper", () =>
    ears(people, [
      [customer, [agent]],
      [agent, [customer, supervisor]],
      [supervisor, [customer, agent]],
    ]));
  await listening.getByRole("button", { name: "Barge in" }).click();
  await expect(listening).toContainText("Barge in: You");
  await test.step("barge", () =>
    ears(people, [
      [customer, [agent, supervisor]],
      [agent, [customer, supervisor]],
      [supervisor, [customer, agent]],
    ]));
  await supervisor.page.screenshot({ path: "dist/shots/real-barge.png" });
  await listening.getByRole("button", { name: "Listen" }).click();
  await expect(listening).toContainText("Listen: You");

  await signIn(colleague.page, demo, "ana");
  await goAvailable(colleague.page);
  await agent.page.keyboard.press("Alt+Shift+T");
  await agent.page.keyboard.type("ana");
  await agent.page.getByRole("button", { name: /Ana Ruiz/ }).click();
  await agent.page.getByRole("button", { name: "Talk first" }).click();
  await expect(colleague.page.getByRole("button", { name: /Answer/ })).toBeEnabled({ timeout: 20_000 });
  await colleague.page.keyboard.press("Alt+Shift+A");
  await expect(agent.page.getByText("You talk with ana", { exact: false })).toBeVisible({ timeout: 20_000 });
  await agent.page.getByRole("button", { name: "All three" }).click();
  await expect(agent.page.getByText("All three hear each other.")).toBeVisible();
  // The supervisor hears all of them, and is heard by nobody.
  await test.step("three", () =>
    ears(people, [
      [customer, [agent, colleague]],
      [agent, [customer, colleague]],
      [colleague, [customer, agent]],
      [supervisor, [customer, agent, colleague]],
    ]));
  await agent.page.screenshot({ path: "dist/shots/real-three.png" });
  await agent.page.getByRole("button", { name: "Go on without ana" }).click();
  await expect(colleague.page.locator("#state")).not.toContainText("On a call", { timeout: 20_000 });

  await listening.getByRole("button", { name: "Take over" }).click();
  const own = supervisor.page.getByRole("region", { name: "Your call" });
  await expect(own).toContainText("You have the call of You", { timeout: 20_000 });
  await expect(agent.page.locator("#state")).toContainText("Wrap-up", { timeout: 20_000 });
  await expect(agent.page.getByRole("article", { name: /Call with/ })).toHaveCount(0);
  await expect(supervisor.page.getByRole("region", { name: "List of calls now" })).toContainText("a supervisor");
  await test.step("take over", () =>
    ears(people, [
      [customer, [supervisor]],
      [supervisor, [customer]],
    ]));
  await customer.page.getByRole("button", { name: "Hang up" }).click();
  await expect(own).toHaveCount(0, { timeout: 20_000 });
  const modes = ["listen", "whisper", "barge", "listen", "take_over"];
  await expect.poll(listens).toEqual(modes.map((mode) => `sam ${mode} 204`));
});
