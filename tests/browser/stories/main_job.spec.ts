// The main job over the real program, by people in browsers of their own, each with a voice of their own: the customer
// chooses by keypad, an agent answers by keyboard, asks a colleague and hands over, writes down what it was about; a
// supervisor listens meanwhile and hears the recording afterwards. Judged by what each hears and by the WAV.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { goAvailable, signIn, startDemo, type Demo } from "./demo.js";
import { hearsNoMore, hearsVoice, inRecording, person, type Person } from "./ear.js";

let demo: Demo;
let [customer, agent, colleague, supervisor]: Person[] = [];
// Voices lie where the music has no notes; edges of one leak into another at -60.
const SILENT = -50;

test.beforeAll(async () => {
  [customer, agent, colleague, supervisor] = await Promise.all([600, 1_150, 1_700, 1_900].map(person));
  demo = await startDemo("--no-sim");
});
test.afterEach(async ({}, { status, expectedStatus }) => {
  if (status === expectedStatus) return;
  const seen = { customer, agent, colleague, supervisor };
  for (const [name, one] of Object.entries(seen)) await one?.page.screenshot({ path: `dist/shots/failed-${name}.png` });
});
test.afterAll(async () => {
  await Promise.all([customer, agent, colleague, supervisor].map((one) => one?.leave()));
  await demo.stop();
});

/** The folder of the only interaction. */
function folder(): string {
  const month = join(demo.data, "interactions");
  const path = (under: string): string => join(under, readdirSync(under)[0] ?? "");
  return path(path(month));
}

test("menu, key, talk, consult, hand over, notes and code, listen in and hear it back, in two minutes", async () => {
  test.setTimeout(300_000);
  if (!customer || !agent || !colleague || !supervisor) throw new Error("somebody did not come");
  const began = Date.now();
  await agent.page.goto(demo.links.agent);
  await goAvailable(agent.page);
  await customer.page.goto(demo.links.customer);
  await customer.page.getByLabel(/Scripted caller/).uncheck();
  await customer.page.getByRole("button", { name: "Call", exact: true }).click();
  await expect(customer.page.getByRole("status", { name: "Display" })).toContainText("Connected", { timeout: 20_000 });
  await customer.page.getByRole("button", { name: "2", exact: true }).click();
  await expect(agent.page.getByRole("button", { name: "Answer" })).toBeEnabled({ timeout: 30_000 });
  await agent.page.keyboard.press("Enter");
  await expect(agent.page.getByRole("article", { name: /Call with/ })).toBeVisible();
  await Promise.all([hearsVoice(customer.page, agent), hearsVoice(agent.page, customer)]);
  await agent.page.screenshot({ path: "dist/shots/real-desk-call.png" });

  await agent.page.keyboard.press("Alt+Shift+H");
  await expect(agent.page.getByText("On hold")).toBeVisible();
  await hearsNoMore(customer.page, agent, SILENT);
  await agent.page.keyboard.press("Alt+Shift+H");
  await expect(agent.page.getByText("On hold")).toBeHidden();

  await supervisor.page.goto(demo.links.supervisor);
  await supervisor.page.getByRole("button", { name: "Actions for You" }).click();
  await supervisor.page.getByRole("button", { name: "Listen" }).click();
  const listening = supervisor.page.getByRole("region", { name: "Listening in" });
  await expect(listening).toContainText("Listen: You", { timeout: 20_000 });
  await Promise.all([hearsVoice(supervisor.page, customer), hearsVoice(supervisor.page, agent)]);
  await hearsNoMore(customer.page, supervisor, SILENT);
  await supervisor.page.screenshot({ path: "dist/shots/real-listening.png" });

  await signIn(colleague.page, demo, "ana");
  await goAvailable(colleague.page);
  await agent.page.keyboard.press("Alt+Shift+T");
  await agent.page.keyboard.type("ana");
  await agent.page.getByRole("button", { name: /Ana Ruiz/ }).click();
  await agent.page.getByRole("button", { name: "Talk first" }).click();
  await expect(colleague.page.getByRole("button", { name: /Answer/ })).toBeEnabled({ timeout: 20_000 });
  await colleague.page.keyboard.press("Alt+Shift+A");
  await expect(agent.page.getByText("You talk with ana", { exact: false })).toBeVisible({ timeout: 20_000 });
  await Promise.all([hearsVoice(colleague.page, agent), hearsVoice(agent.page, colleague)]);
  await hearsNoMore(customer.page, colleague, SILENT);
  await agent.page.screenshot({ path: "dist/shots/real-consult.png" });
  await agent.page.getByRole("button", { name: "Hand over" }).click();
  await expect(agent.page.locator("#state")).toContainText("Wrap-up");
  await Promise.all([hearsVoice(customer.page, colleague), hearsVoice(colleague.page, customer)]);
  await colleague.page.screenshot({ path: "dist/shots/real-handed-over.png" });

  await agent.page.keyboard.press("Alt+Shift+N");
  await agent.page.keyboard.type("Wheel is bent. <b>Sends photos.</b>");
  await expect(agent.page.locator("#notes-state")).toHaveText("Saved");
  await agent.page.locator(".codes input").first().check();
  await expect(agent.page.locator(".codes input").first()).toBeChecked();
  await customer.page.getByRole("button", { name: "Hang up" }).click();
  await expect(customer.page.getByRole("heading", { name: "Your call" })).toBeVisible({ timeout: 30_000 });

  await expect(listening).toHaveCount(0, { timeout: 20_000 });
  await supervisor.page.getByRole("link", { name: "Calls" }).click();
  await supervisor.page.getByRole("table").getByRole("link").first().click();
  await expect(supervisor.page.getByText("Wheel is bent. <b>Sends photos.</b>")).toBeVisible();
  await supervisor.page.getByRole("button", { name: "Play" }).first().click();
  await supervisor.page.locator("audio").first().evaluate((audio) => {
    const context = new AudioContext({ sampleRate: 48_000 });
    const analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    context.createMediaElementSource(audio as HTMLAudioElement).connect(analyser);
    (window as unknown as { ears: AnalyserNode[] }).ears.push(analyser);
  });
  await hearsVoice(supervisor.page, customer);
  await hearsVoice(supervisor.page, agent);
  await supervisor.page.screenshot({ path: "dist/shots/real-one-call.png", fullPage: true });
  const took = (Date.now() - began) / 1000;
  process.stdout.write(`the main job took ${took.toFixed(1)} s\n`);
  expect(took).toBeLessThan(120);
  judged();
});

/** The customer left, each agent right, and nobody on the other's side. */
function judged(): void {
  if (!customer || !agent || !colleague || !supervisor) return;
  const recordings = readdirSync(folder()).filter((name) => name.endsWith(".wav"));
  const loudest = (of: Person): [number, number] => {
    const each = recordings.map((name) => inRecording(join(folder(), name), of.hz));
    return [Math.max(...each.map(([left]) => left)), Math.max(...each.map(([, right]) => right))];
  };
  const [left, right] = loudest(customer);
  expect(left).toBeGreaterThan(-40);
  expect(right).toBeLessThan(SILENT);
  for (const one of [agent, colleague]) {
    const [across, own] = loudest(one);
    expect(own).toBeGreaterThan(-40);
    expect(across).toBeLessThan(SILENT);
  }
  expect(Math.max(...loudest(supervisor))).toBeLessThan(SILENT);
}
