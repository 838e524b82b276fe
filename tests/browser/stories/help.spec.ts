// An agent asks for a supervisor; a note goes with a caller.
import { HOSTILE } from "../mock/world.mjs";
import { calls, expect, goAvailable, takingNotes, test } from "./world.js";

test("an agent asks for help by keyboard; the floor shows it at once, a supervisor comes or sends it away", async ({ enter, mock }) => {
  const agent = await enter("ana");
  await goAvailable(agent);
  const customer = await enter("guest");
  await calls(customer);
  await expect(agent.getByRole("button", { name: "Answer" })).toBeEnabled();
  await agent.keyboard.press("Alt+Shift+A");
  await expect(agent.getByRole("article", { name: /Call with/ })).toBeVisible();
  const floor = await enter("sam");
  const wanted = floor.getByRole("region", { name: "Help wanted" });
  await expect(floor.getByRole("row", { name: /Ana Ruiz/ })).toBeVisible();
  await expect(wanted).toHaveCount(0);
  await agent.keyboard.press("Alt+Shift+G");
  await expect(wanted).toContainText("Ana Ruiz asks for help");
  await expect(floor).toHaveTitle(/Help wanted/);
  await expect(floor.getByRole("row", { name: /Ana Ruiz/ }).first()).toContainText("asks for help");
  await expect(agent.getByText("Supervisors see that you ask for help.").first()).toBeVisible();
  // Taken back, and asked again.
  await agent.getByRole("button", { name: "Take the request back" }).click();
  await expect(wanted).toHaveCount(0);
  await expect(floor).not.toHaveTitle(/Help wanted/);
  await agent.getByRole("button", { name: "Help", exact: true }).click();
  // The sound is the supervisor's to switch off, for good.
  await wanted.getByRole("button", { name: "Mute the sound" }).click();
  await floor.reload();
  await expect(wanted.getByRole("button", { name: "Sound is off" })).toBeVisible();
  await wanted.getByRole("button", { name: "Dismiss the request of Ana Ruiz" }).click();
  await expect(wanted).toHaveCount(0);
  await expect(agent.getByText("nobody can come at the moment").first()).toBeVisible();
  await agent.keyboard.press("Alt+Shift+G");
  await wanted.getByRole("button", { name: "Whisper: Ana Ruiz" }).click();
  await expect(wanted).toHaveCount(0);
  await expect(floor.getByRole("region", { name: "Listening in" })).toContainText("Whisper: Ana Ruiz");
  await expect(agent.getByText("A supervisor is with you.").first()).toBeVisible();
  expect(mock.world.monitored.map(({ mode }) => mode)).toEqual(["whisper"]);
});

test("a note goes with a transfer, and stands on the card of whoever is offered the caller", async ({ enter, mock }) => {
  const { world } = mock;
  const agent = await enter("ana");
  await goAvailable(agent);
  const customer = await enter("guest");
  await calls(customer);
  await expect(agent.getByRole("button", { name: "Answer" })).toBeEnabled();
  await agent.keyboard.press("Alt+Shift+A");
  await expect(agent.getByRole("button", { name: /Transfer or consult/ })).toBeVisible();
  await agent.keyboard.press("Alt+Shift+T");
  await agent.keyboard.type("support");
  await agent.getByRole("button", { name: /Queue support/ }).click();
  await agent.getByLabel("A note for whoever takes the call").fill("  Order 4711 is lost.  ");
  await agent.getByRole("button", { name: "Transfer now" }).click();
  await expect.poll(() => world.handed).toEqual([{ verb: "transfer", notes: "Order 4711 is lost." }]);

  const ben = world.agents.get("ben");
  const call = world.arrive({ number: "+34600000101", name: "Marta Vidal" });
  world.offer(call, ben);
  ben.offer.handed = { notes: `${HOSTILE}\nPromise nothing.`, by: "ana" };
  world.changed();
  const next = await enter("ben");
  const offer = next.getByRole("article", { name: /Offer/ });
  await expect(offer).toContainText("Note from ana");
  await expect(offer).toContainText("Promise nothing.");
  await expect(offer).toContainText("<img src=x");
  expect(await next.locator("#main img").count()).toBe(0);
});

test("what is only added behind the notes is kept without a question", async ({ enter, mock }) => {
  const [agent, id] = await takingNotes(enter, mock);
  mock.world.notes.set(id, { text: "mine\n\nben, handing over: wait", version: 7 });
  await agent.locator("#notes").fill("mine, longer");
  await expect.poll(() => mock.world.notes.get(id)?.text).toBe("mine, longer\n\nben, handing over: wait");
  await expect(agent.getByText("Somebody else changed these notes")).toHaveCount(0);
});
