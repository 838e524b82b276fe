// The supervisor's pages.
import { HOSTILE } from "../mock/world.mjs";
import { expect, test } from "./world.js";

test("what changes is on the screen within a second", async ({ enter, mock }) => {
  const floor = await enter("sam");
  const row = floor.getByRole("row", { name: /Ana Ruiz/ });
  await expect(row).toContainText("Offline");
  const began = Date.now();
  mock.world.state("ana", "not_ready", "lunch");
  await expect(row).toContainText("lunch");
  expect(Date.now() - began).toBeLessThan(1000);
});

test("every number has a definition", async ({ enter }) => {
  const floor = await enter("sam");
  const queue = floor.getByRole("region", { name: "Queue support" });
  await expect(queue).toBeVisible();
  const buttons = queue.getByRole("button", { name: /What is/ });
  expect(await buttons.count()).toBe(await queue.locator(".stat").count());
  for (let n = 0; n < (await buttons.count()); n += 1) {
    await buttons.nth(n).click();
    await expect(queue.locator(".definition").nth(n)).toBeVisible();
  }
});

test("levels have a word beside the colour", async ({ enter }) => {
  const floor = await enter("sam");
  const sales = floor.getByRole("region", { name: "Queue sales" });
  await expect(sales.locator(".stat", { hasText: "Service level" })).toContainText("act now");
  await expect(sales.locator(".stat", { hasText: "Longest wait" })).toContainText("look here");
});

test("a supervisor changes an agent's state and listens", async ({ enter, mock }) => {
  const { world } = mock;
  const ben = world.agents.get("ben");
  const call = world.arrive({ number: "+34600000101", name: HOSTILE });
  world.offer(call, ben);
  world.talk(call);
  const floor = await enter("sam");
  await floor.getByRole("button", { name: "Actions for Ana Ruiz" }).click();
  await expect(floor.getByRole("button", { name: "Listen" })).toBeDisabled();
  await floor.getByRole("button", { name: "Make not ready" }).click();
  await expect(floor.getByRole("row", { name: /Ana Ruiz/ })).toContainText("Not ready");
  await floor.getByRole("button", { name: "Actions for Ben Ode" }).click();
  await floor.getByRole("button", { name: "Listen" }).click();
  await expect(floor.getByRole("region", { name: "Listening in" })).toContainText("Listen: Ben Ode");
  await floor.getByRole("region", { name: "Listening in" }).getByRole("button", { name: "Whisper" }).click();
  await expect.poll(() => world.monitored.map(({ mode }: { mode: string }) => mode)).toEqual(["listen", "whisper"]);
  await floor.getByRole("button", { name: "Leave" }).click();
  await expect(floor.getByRole("region", { name: "Listening in" })).toHaveCount(0);
});

test("TV mode has nothing to press but its own end, and old numbers are called old", async ({ enter, mock }) => {
  const floor = await enter("sam", { to: "/floor?tv" });
  await expect(floor.getByRole("region", { name: "Queue support" })).toBeVisible();
  await expect(floor.getByText("Live", { exact: true })).toBeVisible();
  expect(await floor.getByRole("button").count()).toBe(1);
  const { url } = mock;
  await mock.close();
  await expect(floor.getByText(/Numbers are .* old/)).toBeVisible();
  expect(url).toContain("http");
});

test("a recording plays, jumps and changes its speed", async ({ enter }) => {
  const page = await enter("sam", { to: "/calls" });
  await page.getByRole("table").getByRole("link").first().click();
  await page.getByRole("button", { name: "Play" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await page.getByLabel("Speed").selectOption("2");
  await page.getByRole("button", { name: /The customer was put on hold/ }).click();
  const at = () => page.locator("audio").evaluate((audio) => (audio as HTMLAudioElement).currentTime);
  await expect.poll(at).toBeGreaterThan(6.2);
  expect(await page.locator("audio").evaluate((audio) => (audio as HTMLAudioElement).playbackRate)).toBe(2);
});

test("an agent's role sees no floor", async ({ enter }) => {
  const page = await enter("ana", { to: "/floor" });
  await expect(page.getByText("Your role does not include this page")).toBeVisible();
});
