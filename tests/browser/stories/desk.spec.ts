// The agent's day at the desk, in a browser that talks to another browser.
import type { Page } from "@playwright/test";
import { HOSTILE } from "../mock/world.mjs";
import { calls, expect, goAvailable, takingNotes, test } from "./world.js";

/** Whether sound comes out of the page's telephone, by the meter that the page shows. */
async function hears(page: Page): Promise<void> {
  const level = () => page.getByLabel("What you hear").evaluate((meter) => (meter as HTMLMeterElement).value);
  await expect.poll(level, { timeout: 15_000, intervals: [50] }).toBeGreaterThan(0.05);
}

test("the whole story by keyboard: available, answer, notes, code, done", async ({ enter, mock }) => {
  const agent = await enter("ana");
  await expect(agent.locator("#state")).toBeVisible();
  await agent.keyboard.press("Alt+Shift+S");
  await agent.keyboard.press("Enter");
  await expect(agent.locator("#state")).toContainText("Available", { timeout: 15_000 });
  const customer = await enter("guest");
  await calls(customer);
  const offer = agent.getByRole("article", { name: /Offer/ });
  await expect(offer).toContainText("Guest");
  await expect(offer).toContainText("typed order 123456");
  await expect(offer.getByRole("button", { name: "Answer" })).toBeFocused();
  await agent.keyboard.press("Enter");
  await expect(agent.getByRole("article", { name: /Call with/ })).toBeVisible();
  await hears(agent);
  await hears(customer);
  await agent.keyboard.press("Alt+Shift+H");
  await expect(agent.getByText("On hold")).toBeVisible();
  await agent.keyboard.press("Alt+Shift+H");
  await expect(agent.getByText("On hold")).toBeHidden();
  await agent.keyboard.press("Alt+Shift+M");
  await expect(agent.getByText("You are muted")).toBeVisible();
  await agent.keyboard.press("Alt+Shift+M");
  await agent.keyboard.press("Alt+Shift+N");
  await agent.keyboard.type("Order 123456: wheel is bent. <b>Urgent</b>");
  await expect(agent.locator("#notes-state")).toHaveText("Saved");
  await agent.keyboard.press("Alt+Shift+E");
  await expect(agent.locator("#state")).toContainText("Wrap-up");
  await expect(agent.getByRole("button", { name: /^Done Alt/ })).toBeDisabled();
  await agent.keyboard.press("Alt+Shift+W");
  await agent.keyboard.press("Space");
  await expect(agent.getByRole("button", { name: /^Done Alt/ })).toBeEnabled();
  await agent.keyboard.press("Alt+Shift+W");
  await expect(agent.locator("#state")).toContainText("Available");
  const [notes] = [...mock.world.notes.values()];
  expect(notes?.text).toBe("Order 123456: wheel is bent. <b>Urgent</b>");
});

test("a caller who left while the microphone was asked for is not answered in the next one's place", async ({ enter }) => {
  const agent = await enter("ana");
  await goAvailable(agent);
  await agent.addInitScript(() => {
    const { mediaDevices } = navigator;
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    const allowed = new Promise<void>((resolve) => Object.assign(window, { allow: resolve }));
    mediaDevices.getUserMedia = (wanted) => allowed.then(() => open(wanted));
  });
  await agent.reload();
  await expect(agent.locator("#phone-light")).toContainText("Phone is ready", { timeout: 15_000 });
  await expect(agent.locator("#state")).toContainText("Available", { timeout: 15_000 });
  const [first, second] = [await enter("guest"), await enter("guest")];
  await calls(first);
  const button = agent.getByRole("article", { name: /Offer/ }).getByRole("button", { name: /^Answer/ });
  await expect(button).toBeFocused();
  await agent.keyboard.press("Enter");
  await expect(button).toHaveText(/Answering/);
  await first.getByRole("button", { name: "Hang up" }).click();
  await expect(button).toHaveCount(0);
  await calls(second);
  await expect(button).toBeFocused();
  await expect(button).toHaveText(/Answer$/);
  await agent.evaluate(() => (window as unknown as { allow: () => void }).allow());
  await agent.waitForTimeout(300);
  await expect(button, "nobody answered this one").toBeFocused();
  await agent.keyboard.press("Enter");
  await expect(agent.getByRole("article", { name: /Call with/ })).toBeVisible();
});

test("a server that does not answer is said, and what was asked for can be asked again", async ({ enter }) => {
  const agent = await enter("ana");
  await goAvailable(agent);
  await agent.clock.install();
  await agent.route("**/api/v1/agents/*/state", () => undefined);
  const asked = agent.waitForRequest("**/api/v1/agents/*/state");
  await agent.keyboard.press("Alt+Shift+S");
  await agent.locator(".menu-list").getByRole("button", { name: "Lunch" }).click();
  await asked;
  await agent.clock.fastForward(11_000);
  await expect(agent.locator("#main").getByText("The server does not answer")).toBeVisible();
  await agent.unroute("**/api/v1/agents/*/state");
  await agent.keyboard.press("Alt+Shift+S");
  await agent.locator(".menu-list").getByRole("button", { name: "Lunch" }).click();
  await expect(agent.locator("#state")).not.toContainText("Available");
});

test("Enter answers also after a click beside the button", async ({ enter }) => {
  const agent = await enter("ana");
  await goAvailable(agent);
  const customer = await enter("guest");
  await calls(customer);
  const button = agent.getByRole("article", { name: /Offer/ }).getByRole("button", { name: /^Answer/ });
  await expect(button).toBeEnabled();
  await agent.locator("#main").click({ position: { x: 5, y: 200 } });
  await expect(button).not.toBeFocused();
  await agent.keyboard.press("Enter");
  await expect(agent.getByRole("article", { name: /Call with/ })).toBeVisible();
});

test("typing is not interrupted by an offer, and its Enter answers nothing", async ({ enter }) => {
  const agent = await enter("ana");
  await goAvailable(agent);
  await agent.getByRole("button", { name: "Task" }).click();
  await agent.getByLabel("What is to be done").fill("Call the");
  const customer = await enter("guest");
  await calls(customer);
  await expect(agent.getByRole("article", { name: /Offer/ })).toBeVisible();
  await expect(agent.getByRole("button", { name: "Answer" })).toBeEnabled();
  await expect(agent.getByLabel("What is to be done")).toBeFocused();
  await agent.keyboard.type(" bakery");
  await agent.keyboard.press("Enter");
  await expect(agent.getByText("Call the bakery")).toBeVisible();
  await expect(agent.getByRole("article", { name: /Offer/ })).toBeVisible();
});

test("who is a caller is only shown after the agent confirmed it", async ({ enter, mock }) => {
  const agent = await enter("ana");
  await goAvailable(agent);
  const customer = await enter("guest");
  await calls(customer);
  await expect(agent.locator("#customer")).toContainText("Marta Vidal");
  await expect(agent.getByText("Prefers to be called in the morning")).toHaveCount(0);
  await expect(agent.getByRole("button", { name: "It is Marta Vidal" })).toBeDisabled();
  await agent.keyboard.press("Alt+Shift+A");
  await agent.getByRole("button", { name: "It is Marta Vidal" }).click();
  await expect(agent.getByText("Prefers to be called in the morning")).toBeVisible();
  await expect(agent.getByText("Earlier calls")).toBeVisible();
  expect([...mock.world.confirmed.values()]).toHaveLength(1);
});

test("hostile names are text", async ({ enter, mock }) => {
  const agent = await enter("ana");
  await goAvailable(agent);
  const call = mock.world.arrive({ number: HOSTILE, name: HOSTILE });
  mock.world.offer(call, mock.world.agents.get("ana"));
  await expect(agent.getByRole("article", { name: /Offer/ })).toContainText("<img src=x");
  expect(await agent.title()).not.toBe("owned");
  expect(await agent.locator("#main img").count()).toBe(0);
});

test("declining says so and makes not ready; the caller goes on waiting", async ({ enter, mock }) => {
  const agent = await enter("ana");
  await goAvailable(agent);
  const customer = await enter("guest");
  await calls(customer);
  await expect(agent.getByRole("button", { name: "Decline" })).toBeEnabled();
  await agent.keyboard.press("Alt+Shift+D");
  await expect(agent.locator("#state")).toContainText("a call was declined");
  expect(mock.world.callItems()[0]?.phase).toBe("waiting");
});

test("consult, three, hand over", async ({ enter, mock }) => {
  const agent = await enter("ana");
  await goAvailable(agent);
  const customer = await enter("guest");
  await calls(customer);
  await expect(agent.getByRole("button", { name: "Answer" })).toBeEnabled();
  await agent.keyboard.press("Alt+Shift+A");
  await expect(agent.getByRole("button", { name: /Transfer or consult/ })).toBeVisible();
  await agent.keyboard.press("Alt+Shift+T");
  await agent.keyboard.type("ben");
  await agent.getByRole("button", { name: /Ben Ode/ }).click();
  await agent.getByRole("button", { name: "Talk first" }).click();
  await expect(agent.getByText("You talk with ben")).toBeVisible();
  await agent.getByRole("button", { name: "Hand over" }).click();
  await expect(agent.locator("#state")).toContainText("Wrap-up");
  await expect(customer.getByRole("status", { name: "Display" })).toContainText("The call has ended");
  expect(mock.world.calls.size).toBe(0);
});

test("a second tab says that the phone is elsewhere and can take it over", async ({ enter }) => {
  const first = await enter("ana");
  await goAvailable(first);
  const second = await first.context().newPage();
  await second.goto(first.url());
  await second.locator("#state").click();
  await second.locator(".menu-list").getByRole("button", { name: "Available" }).click();
  await expect(second.getByText("Another tab of this browser has the phone")).toBeVisible();
  await second.getByRole("button", { name: "Take the phone over here" }).click();
  await expect(second.locator("#phone-light")).toContainText("Phone is ready");
  await expect(first.locator("#phone-light")).toContainText("in another tab");
});

test("a browser without microphone is told what to do", async ({ enter }) => {
  const agent = await enter("ana");
  await agent.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotFoundError"));
  });
  await agent.getByRole("button", { name: "Go available" }).click();
  await expect(agent.getByText("No microphone is connected. Plug in a headset and try again.")).toBeVisible();
  await expect(agent.locator("#state")).toContainText("Offline");
});

test("notes that somebody else changed are not overwritten", async ({ enter, mock }) => {
  const [agent, id] = await takingNotes(enter, mock);
  mock.world.notes.set(id, { text: "theirs", version: 7 });
  await agent.locator("#notes").fill("mine, longer");
  await expect(agent.getByText("Somebody else changed these notes")).toBeVisible();
  expect(mock.world.notes.get(id)?.text).toBe("theirs");
  await agent.getByRole("button", { name: "Keep mine" }).click();
  await expect.poll(() => mock.world.notes.get(id)?.text).toBe("mine, longer");
});

test("shortcuts are listed and can be changed", async ({ enter }) => {
  const agent = await enter("ana");
  await expect(agent.locator("#state")).toBeVisible();
  await agent.keyboard.press("?");
  await agent.getByLabel("Letter for: Change your state").fill("X");
  await agent.getByRole("button", { name: "Close" }).click();
  await agent.keyboard.press("Alt+Shift+S");
  await expect(agent.getByRole("button", { name: "Lunch" })).toBeHidden();
  await agent.keyboard.press("Alt+Shift+X");
  await expect(agent.getByRole("button", { name: "Lunch" })).toBeVisible();
});
