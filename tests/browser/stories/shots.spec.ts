// What the pages look like, kept in `dist/shots/`, with axe on each: light and dark, 1280 and 390 px wide.
import { look } from "./look.js";
import { expect, goAvailable, test, type Mock } from "./world.js";

/** Callers in the queue and one who talks with Ben, whose interaction it gives. */
function traffic(mock: Mock): string {
  const { world } = mock;
  world.arrive({ number: "+34600000102", name: null });
  const ben = world.agents.get("ben");
  ben.phone = { registered: true };
  ben.state = { name: "available", since: new Date().toISOString(), reason: null, next: null };
  const call = world.arrive({ number: "+34600000101", name: "Marta Vidal" });
  world.offer(call, ben);
  world.talk(call);
  return call.interaction;
}

for (const dark of [false, true]) {
  for (const width of [1280, 390]) {
    const kind = `${dark ? "dark" : "light"}-${width}`;

    test(`sign-in, floor, calls: ${kind}`, async ({ page: plain, enter, mock }) => {
      await plain.setViewportSize({ width, height: 800 });
      await plain.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
      await plain.goto(`${mock.url}/signin`);
      await expect(plain.getByLabel("Password")).toBeVisible();
      await look(plain, `signin-${kind}`);
      const talk = traffic(mock);
      const floor = await enter("sam", { dark, width });
      await expect(floor.getByRole("region", { name: "Queue support" })).toBeVisible();
      await expect(floor.getByText("Ben Ode")).toBeVisible();
      await floor.getByRole("button", { name: "What is “Service level”?" }).first().click();
      await expect(floor.locator(".plot canvas")).toHaveCount(4);
      await look(floor, `floor-${kind}`);
      await floor.getByRole("button", { name: "Thresholds" }).click();
      await look(floor, `floor-thresholds-${kind}`);
      await floor.keyboard.press("Escape");
      await floor.getByRole("button", { name: /^Move/ }).first().click();
      await expect(floor.getByRole("dialog")).toBeVisible();
      await look(floor, `floor-move-${kind}`);
      await floor.keyboard.press("Escape");
      await floor.getByRole("button", { name: "Close queue support" }).click();
      await floor.getByLabel("Which prompt").selectOption("closed");
      await look(floor, `floor-close-${kind}`);
      await floor.getByLabel("Reason, for your colleagues").fill("flood");
      await floor.keyboard.press("Enter");
      await expect(floor.getByText(/^Closed until/)).toBeVisible();
      await look(floor, `floor-closed-${kind}`);
      mock.world.help(talk, "asked");
      await expect(floor.getByRole("region", { name: "Help wanted" })).toBeVisible();
      await look(floor, `floor-help-${kind}`);
      await floor.goto(`${mock.url}/floor?tv`);
      await expect(floor.getByRole("region", { name: "Queue support" })).toBeVisible();
      await expect(floor.locator(".plot canvas")).toHaveCount(4);
      await look(floor, `tv-${kind}`);
      await floor.goto(`${mock.url}/calls`);
      await expect(floor.getByRole("table")).toBeVisible();
      await look(floor, `calls-${kind}`);
      await floor.getByRole("table").getByRole("link").first().click();
      await expect(floor.getByRole("button", { name: "Play" })).toBeEnabled();
      await expect(floor.locator(".lane path").first()).not.toHaveAttribute("d", "");
      await look(floor, `one-call-${kind}`);
    });

    test(`desk and demo phone: ${kind}`, async ({ enter, mock }) => {
      const agent = await enter("ana", { dark, width });
      await expect(agent.locator("#state")).toBeVisible();
      await look(agent, `desk-offline-${kind}`);
      await goAvailable(agent);
      const customer = await enter("guest", { dark, width });
      await look(customer, `caller-${kind}`);
      await customer.getByRole("button", { name: "Call", exact: true }).click();
      await expect(agent.getByRole("button", { name: "Answer" })).toBeEnabled();
      await look(agent, `desk-offer-${kind}`);
      await agent.keyboard.press("Alt+Shift+A");
      await agent.getByRole("button", { name: "It is Marta Vidal" }).click();
      await expect(agent.getByText("Earlier calls")).toBeVisible();
      await agent.locator("#notes").fill("Front wheel arrived bent. Sends photos.");
      await agent.getByRole("button", { name: /Transfer or consult/ }).click();
      await expect(agent.getByRole("button", { name: /Ben Ode/ })).toBeVisible();
      await look(agent, `desk-call-${kind}`);
      await agent.getByRole("button", { name: /Ben Ode/ }).click();
      await expect(agent.getByLabel("A note for whoever takes the call")).toBeVisible();
      await look(agent, `desk-transfer-${kind}`);
      await expect(customer.getByRole("status", { name: "Display" })).toContainText("Connected");
      await look(customer, `caller-talking-${kind}`);
      await agent.keyboard.press("Alt+Shift+E");
      await expect(agent.locator("#state")).toContainText("Wrap-up");
      await look(agent, `desk-wrap-up-${kind}`);
      await expect(customer.getByRole("heading", { name: "Your call" })).toBeVisible();
      await expect(customer.getByRole("button", { name: "Play" })).toBeEnabled();
      await look(customer, `caller-after-${kind}`);
      await agent.keyboard.press("?");
      await look(agent, `desk-keys-${kind}`);
      expect(mock.world.calls.size).toBe(0);
    });
  }
}

test("the sound check in words", async ({ enter }) => {
  const agent = await enter("ana");
  await agent.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await agent.getByRole("button", { name: "Go available" }).click();
  await expect(agent.getByText("The browser does not let this page use the microphone")).toBeVisible();
  await look(agent, "desk-sound-check");
});
