// The live connection: what is applied, what is resumed, what a lost one looks like.
import { apply, readMessage, type TopicState } from "../../../console/src/live/topics.js";
import { judge, Steady } from "../../../console/src/phone/quality.js";
import { expect, test } from "./world.js";

const idOf = (item: Record<string, unknown>): string => String(item.name);
const empty: TopicState = { seq: null, value: null };

test("snapshots replace, deltas change, old ones do nothing", () => {
  const first = apply(empty, { topic: "queues", seq: 5, snapshot: { items: [{ name: "a", n: 1 }, { name: "b", n: 2 }] } }, idOf);
  expect(first).toEqual({ seq: 5, value: [{ name: "a", n: 1 }, { name: "b", n: 2 }] });
  const second = apply(first!, { topic: "queues", seq: 6, delta: { upsert: [{ name: "b", n: 3 }, { name: "c", n: 9 }], remove: ["a"] } }, idOf);
  expect(second).toEqual({ seq: 6, value: [{ name: "b", n: 3 }, { name: "c", n: 9 }] });
  expect(apply(second!, { topic: "queues", seq: 6, delta: { upsert: [{ name: "b", n: 0 }] } }, idOf)).toBe(second);
  expect(apply(second!, { topic: "queues", seq: 7, delta: { upsert: "junk", remove: null } }, idOf)?.value).toEqual(second!.value);
});

test("a delta without a snapshot asks for one; junk is no message", () => {
  expect(apply(empty, { topic: "queues", seq: 3, delta: { upsert: [] } }, idOf)).toBeNull();
  expect(apply(empty, { topic: "me", seq: 3, delta: { state: 1 } }, null)).toEqual({ seq: 3, value: { state: 1 } });
  for (const text of ["", "[]", "null", "{\"topic\":7}", "{"]) expect(readMessage(text)).toBeNull();
});

test("sound in words", () => {
  expect(judge({ lossIn: 0, lossOut: 0, jitter: 0.002, roundTrip: 0.02 }).grade).toBe("good");
  const upload = judge({ lossIn: 0, lossOut: 0.08, jitter: 0.002, roundTrip: 0.02 });
  expect(upload.words).toBe("Your upload loses 8 % of the sound");
  expect(upload.grade).toBe("poor");
  const steady = new Steady();
  const good = judge({ lossIn: 0, lossOut: 0, jitter: 0, roundTrip: 0 });
  expect([good, upload, upload, upload].map((quality) => steady.next(quality).grade)).toEqual(["good", "good", "good", "poor"]);
});

test("a lost connection is said, and what changed meanwhile is there afterwards", async ({ enter, mock }) => {
  const page = await enter("ana");
  await expect(page.locator("#state")).toContainText("Offline");
  for (const socket of mock.liveSockets) socket.terminate();
  mock.world.state("ana", "not_ready", "training");
  await expect(page.getByText("The connection to the server is lost")).toBeVisible();
  await expect(page.locator("#state")).toContainText("training");
  await expect(page.getByText("The connection to the server is lost")).toBeHidden();
});

test("a connection that leads nowhere any more is noticed, and its page made anew", async ({ enter, mock }) => {
  const page = await enter("ana");
  await expect(page.locator("#state")).toContainText("Offline");
  const [before] = [...mock.liveSockets];
  // Its path is gone: nothing is closed, nothing comes.
  mock.deaf = before ?? null;
  mock.world.state("ana", "not_ready", "training");
  await page.clock.install();
  await page.clock.fastForward(6_000);
  await page.waitForTimeout(500);
  await expect(page.locator("#state"), "asked, and not yet given up").not.toContainText("training");
  await page.clock.fastForward(4_000);
  await expect(page.locator("#state")).toContainText("training");
  expect([...mock.liveSockets]).not.toContain(before);
});
