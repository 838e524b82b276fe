// The supervisor's pages.
import { HOSTILE } from "../mock/world.mjs";
import type { Locator } from "@playwright/test";
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
  await expect(sales.locator(".stat", { hasText: "nobody for 1" })).toContainText("act now");
  const expected = floor.getByRole("region", { name: "Queue support" }).locator(".stat", { hasText: "Expected wait" });
  await expect(expected).toContainText("0:30 held for 83 %");
});

test("thresholds are the company's, change while one looks, and a browser may have its own until it gives them back", async ({ enter, mock }) => {
  const floor = await enter("sam");
  const number = (queue: string, word: string) => floor.getByRole("region", { name: `Queue ${queue}` }).locator(".stat", { hasText: word });
  const longest = number("sales", "Longest wait");
  await expect(longest).toContainText("look here");
  await expect(number("support", "Service level")).not.toContainText("look here");
  // The company file is saved: each queue has its own, in colour and in words.
  const { sales, support } = mock.world.thresholds;
  sales.longest_wait = { warning: 30, critical: 80 };
  support.service_level = { warning: 0.9, critical: 0.5 };
  mock.world.changed();
  await expect(longest).toContainText("act now");
  await expect(longest).toHaveClass(/\bbad\b/);
  await expect(number("support", "Service level")).toContainText("look here");
  await expect(number("support", "Service level")).toHaveClass(/\bwarn\b/);
  await longest.getByRole("button").click();
  await expect(longest.locator(".definition")).toContainText("Look here from 30 seconds, act now from 1 minute 20 seconds.");
  const open = async (): Promise<void> => {
    await floor.getByRole("button", { name: "Thresholds" }).focus();
    await floor.keyboard.press("Enter");
  };
  await open();
  await expect(floor.getByRole("button", { name: "As the company has them" })).toBeDisabled();
  await floor.getByLabel("Longest wait, look here").fill("3000");
  await floor.getByLabel("Longest wait, act now").fill("2000");
  await floor.keyboard.press("Enter");
  await expect(floor.getByRole("dialog").getByRole("alert")).toContainText("has to be above");
  await floor.getByLabel("Longest wait, act now").fill("3600");
  await floor.keyboard.press("Enter");
  await expect(floor.getByRole("dialog")).toHaveCount(0);
  await expect(longest).not.toContainText("act now from 1 minute");
  await expect(longest).toHaveClass(/\bgood\b/);
  await expect(longest.locator(".definition")).toContainText("(this browser's own)");
  await floor.reload();
  await expect(longest).toHaveClass(/\bgood\b/);
  await floor.goto(`${mock.url}/floor?tv`);
  await expect(longest).toHaveClass(/\bgood\b/);
  await floor.goto(`${mock.url}/floor`);
  await open();
  await floor.getByRole("button", { name: "As the company has them" }).click();
  await expect(floor.getByRole("dialog")).toHaveCount(0);
  await expect(longest).toContainText("act now");
  await floor.goto(`${mock.url}/floor?tv`);
  await expect(longest).toContainText("act now");
  await expect(longest).toHaveClass(/\bbad\b/);
});

/** Whether something is drawn in a chart. */
const isDrawn = (plot: Locator): Promise<boolean> =>
  plot.locator("canvas").evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const data = (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
    return data.some((value, place) => place % 4 === 3 && value > 0);
  });

test("a queue's last hour is drawn, told and shown as a table, and goes on live", async ({ enter, mock }) => {
  const { world } = mock;
  const drawing = () => mock.requests.filter((request) => /\/assets\/chart-.*\.js/.test(request)).length;
  const floor = await enter("sam", { to: "/calls" });
  await expect(floor.getByRole("table")).toBeVisible();
  expect(drawing()).toBe(0);
  await floor.goto(`${mock.url}/floor`);
  const hour = floor.getByRole("region", { name: "Last hour of support" });
  const waits = hour.getByRole("img", { name: /^Callers waiting and longest wait: At most 5 at once/ });
  const ends = hour.getByRole("img", { name: /^Answered and abandoned, by five minutes: / });
  for (const plot of [waits, ends]) await expect.poll(() => isDrawn(plot)).toBe(true);
  expect(drawing()).toBe(1);
  await hour.locator("summary").focus();
  await floor.keyboard.press("Enter");
  const rows = hour.getByRole("table").getByRole("row");
  await expect(rows).toHaveCount(14);
  await expect(hour.getByRole("definition")).toHaveText([/at once/, /longest/, /Answered/, /Hung up/]);
  // Whatever five minutes it is: the sum rises by what comes live, and who waits now stands in the last row.
  const answered = async (): Promise<number> => Number(/(\d+) answered/.exec((await ends.getAttribute("aria-label")) ?? "")?.[1]);
  const before = await answered();
  world.counters.support.answered += 4;
  for (const n of [1, 2, 3, 4, 5, 6, 7]) world.arrive({ number: `+3460000020${n}`, name: null });
  await expect.poll(answered).toBe(before + 4);
  await expect(rows.last().getByRole("cell").first()).toHaveText("7");
  await expect(hour.getByRole("img", { name: /At most 7 at once/ })).toBeVisible();
  // The theme changes under it, and TV mode has the same in big, without anything to press.
  await floor.emulateMedia({ colorScheme: "dark" });
  await expect.poll(() => isDrawn(hour.getByRole("img").first())).toBe(true);
  await floor.goto(`${mock.url}/floor?tv`);
  await expect.poll(() => isDrawn(hour.getByRole("img").first())).toBe(true);
  await expect(hour.locator("summary")).toHaveCount(0);
});

test("without its history a queue shows its numbers all the same", async ({ enter, mock }) => {
  const floor = await enter("sam", { to: "/calls" });
  await floor.route("**/history*", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: "{}" }));
  await floor.goto(`${mock.url}/floor`);
  const queue = floor.getByRole("region", { name: "Queue support" });
  await expect(queue).toContainText("The last hour cannot be had at the moment");
  await expect(queue.locator(".stat", { hasText: /^Answered/ })).toContainText("42");
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
  await floor.getByRole("button", { name: "Make not ready", exact: true }).click();
  await expect(floor.getByRole("row", { name: /Ana Ruiz/ })).toContainText("Not ready");
  await floor.getByRole("button", { name: "Actions for Ben Ode" }).click();
  await floor.getByRole("button", { name: "Listen" }).click();
  await expect(floor.getByRole("region", { name: "Listening in" })).toContainText("Listen: Ben Ode");
  await floor.getByRole("region", { name: "Listening in" }).getByRole("button", { name: "Whisper" }).click();
  await expect.poll(() => world.monitored.map(({ mode }: { mode: string }) => mode)).toEqual(["listen", "whisper"]);
  await floor.getByRole("button", { name: "Leave" }).click();
  await expect(floor.getByRole("region", { name: "Listening in" })).toHaveCount(0);
});

test("a call that was taken over is the supervisor's own, and a refusal is told", async ({ enter, mock }) => {
  const { world } = mock;
  const ben = world.agents.get("ben");
  const call = world.arrive({ number: "+34600000101", name: HOSTILE });
  world.offer(call, ben);
  world.talk(call);
  const floor = await enter("sam");
  await floor.getByRole("button", { name: "Actions for Ben Ode" }).click();
  await floor.getByRole("button", { name: "Barge in" }).click();
  const listening = floor.getByRole("region", { name: "Listening in" });
  await expect(listening).toContainText("Barge in: Ben Ode");
  world.refusesMonitor = "The call is being handed over.";
  await listening.getByRole("button", { name: "Take over" }).click();
  await expect(listening).toContainText("The call is being handed over.");
  await expect(listening).toContainText("Barge in: Ben Ode");
  world.refusesMonitor = null;
  await listening.getByRole("button", { name: "Take over" }).click();
  const own = floor.getByRole("region", { name: "Your call" });
  await expect(own).toContainText("You have the call of Ben Ode");
  await expect(own.getByRole("button", { name: "Whisper" })).toHaveCount(0);
  await own.getByRole("button", { name: "Hold" }).click();
  await own.getByRole("button", { name: "Resume" }).click();
  await expect(own.getByRole("button", { name: "Hold" })).toBeVisible();
  expect(mock.requests.filter((request) => /\/(hold|resume)$/.test(request)).map((request) => request.split("/").at(-1))).toEqual(["hold", "resume"]);
  Object.assign(call, { agent: null, taken_over: true });
  world.changed();
  await expect(floor.getByRole("region", { name: "List of calls now" })).toContainText("a supervisor");
  await own.getByRole("button", { name: "Hang up" }).click();
  await expect(own).toHaveCount(0);
});

test("a waiting caller is moved to another queue and given to an agent, by keyboard", async ({ enter, mock }) => {
  const { world } = mock;
  world.arrive({ number: "+34600000101", name: HOSTILE });
  const floor = await enter("sam");
  const row = floor.getByRole("region", { name: "List of calls now" }).getByRole("row").nth(1);
  await expect(row).toContainText("support");
  const dialog = floor.getByRole("dialog");
  const open = async (): Promise<void> => {
    await row.getByRole("button", { name: /^Move/ }).focus();
    await floor.keyboard.press("Enter");
    await expect(dialog.getByLabel("To")).toBeFocused();
  };
  // A second thought changes nothing.
  await open();
  await floor.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  expect(mock.requests.filter((request) => request.includes("/transfer") && request.startsWith("POST"))).toEqual([]);
  // Another place in the same queue.
  await open();
  await dialog.getByLabel("To").selectOption({ label: "Before everybody, as an emergency" });
  await floor.keyboard.press("Tab");
  await floor.keyboard.press("Enter");
  await expect(floor.getByRole("region", { name: "Calls now", exact: true }).getByText("has another place in support now")).toBeVisible();
  expect(mock.requests.filter((request) => /^POST .*\/calls\/[^/]+\/priority/.test(request))).toHaveLength(1);
  await open();
  await dialog.getByLabel("To").selectOption("q:sales");
  await floor.keyboard.press("Tab");
  await floor.keyboard.press("Enter");
  await expect(row).toContainText("sales");
  await expect(floor.getByRole("region", { name: "Calls now", exact: true }).getByText("waits in sales now")).toBeVisible();
  // What is refused is told, and the dialog stays.
  const ben = world.agents.get("ben");
  ben.phone = { registered: true };
  ben.state = { name: "not_ready", since: new Date().toISOString(), reason: "lunch", next: null };
  world.changed();
  await open();
  await dialog.getByLabel("To").selectOption("a:ben");
  await floor.keyboard.press("Tab");
  await floor.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("busy");
  world.state("ben", "available");
  await dialog.getByRole("button", { name: "Move", exact: true }).click();
  await expect(floor.getByRole("row", { name: /Ben Ode/ })).toContainText("Ringing");
});

test("a supervisor closes a queue with a message and opens it again, by keyboard", async ({ enter, mock }) => {
  const { world } = mock;
  world.arrive({ number: "+34600000101", name: HOSTILE });
  const floor = await enter("sam");
  const queue = floor.getByRole("region", { name: "Queue support" });
  const dialog = floor.getByRole("dialog");
  const asked = (): string[] => mock.requests.filter((request) => request.includes("/closure") && !request.startsWith("GET"));
  const open = async (): Promise<void> => {
    await queue.getByRole("button", { name: /queue support$/ }).first().focus();
    await floor.keyboard.press("Enter");
    await expect(dialog.getByLabel("How long")).toBeFocused();
  };
  // A second thought changes nothing, and what is missing is asked for before anything is done.
  await open();
  await floor.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await open();
  await dialog.getByLabel("How long").selectOption("Until a time…");
  await dialog.getByLabel("Which prompt").selectOption("closed");
  await floor.keyboard.press("Tab");
  await dialog.getByLabel("Reason, for your colleagues").fill(`flood ${HOSTILE}`);
  await floor.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("until when");
  await dialog.getByLabel("Until", { exact: true }).fill("2020-01-01T18:00");
  await floor.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("passed already");
  expect(asked()).toEqual([]);
  await dialog.getByLabel("How long").selectOption("For 1 hour");
  await dialog.getByLabel("Reason, for your colleagues").focus();
  await floor.keyboard.press("Enter");
  await expect(queue.getByText(/^Closed until/)).toBeVisible();
  await expect(queue).toContainText(`by sam: flood ${HOSTILE}`);
  await expect(queue).toContainText("Those who waited are served");
  expect(world.closures.get("support").message.prompt).toBe("closed.wav");
  // In other words, to those who wait too; a command that does not speak is told, and the dialog stays.
  await open();
  await expect(dialog.getByLabel("Until", { exact: true })).not.toHaveValue("");
  await dialog.getByLabel("How long").selectOption("Until somebody reopens it");
  await dialog.getByLabel("Words that are spoken").check();
  await dialog.getByLabel("Words, in the language of the menu").fill("slow");
  await dialog.getByLabel("End their wait with the message too").check();
  await dialog.getByRole("button", { name: "Close the queue" }).click();
  await expect(dialog.getByRole("alert")).toContainText("did not speak");
  await dialog.getByLabel("Words, in the language of the menu").fill("The office is flooded.");
  await dialog.getByRole("button", { name: "Close the queue" }).click();
  await expect(queue.getByText("Closed until somebody reopens it")).toBeVisible();
  expect(world.closures.get("support").message.words).toBe("The office is flooded.");
  await expect.poll(() => world.callItems().length).toBe(0);
  await queue.getByRole("button", { name: "Reopen queue support" }).focus();
  await floor.keyboard.press("Enter");
  await expect(queue.getByText(/^Closed until/)).toHaveCount(0);
  expect(asked().filter((request) => request.startsWith("DELETE"))).toHaveLength(1);
});

test("a supervisor gives a reason of the company", async ({ enter }) => {
  const floor = await enter("sam");
  await floor.getByRole("button", { name: "Actions for Ana Ruiz" }).click();
  await floor.getByRole("button", { name: "Not ready: Lunch" }).click();
  await expect(floor.getByRole("row", { name: /Ana Ruiz/ })).toContainText("lunch");
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

test("a recording plays, jumps by mark and by key, and is asked for only when somebody listens", async ({ enter, mock }) => {
  const page = await enter("sam", { to: "/calls" });
  await page.getByRole("table").getByRole("link").first().click();
  const player = page.getByRole("group", { name: "Recording 1" });
  await expect(player.locator(".lane path").first()).not.toHaveAttribute("d", "");
  const listens = () => mock.requests.filter((request) => request.endsWith("/audio")).length;
  expect(listens()).toBe(0);
  await player.getByRole("button", { name: "Play" }).click();
  await expect(player.getByRole("button", { name: "Pause" })).toBeVisible();
  await player.getByLabel("Speed").selectOption("2");
  await expect(player.getByRole("button", { name: /Agent's phone gone/ })).toContainText("0:10");
  await player.getByRole("button", { name: /On hold/ }).click();
  const audio = page.locator("audio");
  const at = () => audio.evaluate((audio) => (audio as HTMLAudioElement).currentTime);
  await expect.poll(at).toBeGreaterThan(6.2);
  expect(await audio.evaluate((audio) => (audio as HTMLAudioElement).playbackRate)).toBe(2);
  await player.getByRole("button", { name: "Pause" }).click();
  const slider = player.getByLabel("Place in the recording");
  await slider.focus();
  await page.keyboard.press("Home");
  await expect.poll(at).toBe(0);
  await page.keyboard.press("ArrowRight");
  await expect.poll(at).toBe(5);
  await page.keyboard.press("Space");
  await expect(player.getByRole("button", { name: "Pause" })).toBeVisible();
  expect(listens()).toBe(1);
});

test("a call is found by number and by words of its notes, by keyboard, and told on one page", async ({ enter }) => {
  const page = await enter("sam", { to: "/calls" });
  const rows = page.getByRole("table").getByRole("row");
  await page.getByLabel("Words in the notes").fill("PHOTOS");
  await page.keyboard.press("Enter");
  await expect(rows).toHaveCount(2);
  await page.getByLabel("Words in the notes").fill("");
  await page.getByLabel("Number").fill("101");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/number=101/);
  await expect.poll(() => rows.count()).toBeGreaterThan(3);
  const links = page.getByRole("table").getByRole("link");
  await links.first().focus();
  await page.keyboard.press("ArrowDown");
  await expect(links.nth(1)).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  const story = page.locator(".axis li");
  await expect(story.filter({ hasText: "ana was chosen" })).toBeVisible();
  await expect(story.filter({ hasText: "The customer is on hold" })).toContainText("0:03");
  await expect(story.filter({ hasText: "It was about" })).toContainText("Record");
  await expect(page.getByRole("region", { name: "Legs of the call" })).toContainText("3.2 ms");
  const ladder = page.getByRole("region", { name: "SIP messages" });
  await expect(ladder.getByRole("columnheader")).toHaveText(["Time", "Customer", "ana"]);
  await ladder.getByRole("button", { name: /180 Ringing/ }).click();
  await expect(ladder.getByRole("region", { name: "Text of 180 Ringing" })).toContainText("Via: SIP/2.0/UDP");
});

test("an agent's role sees no floor", async ({ enter }) => {
  const page = await enter("ana", { to: "/floor" });
  await expect(page.getByText("Your role does not include this page")).toBeVisible();
});

test("a certificate whose end is near is told above the floor, and not on a wallboard", async ({ enter, mock }) => {
  const one = (shown: string, state: string, words: string) => ({ shown, state, words, expires_at: new Date().toISOString(), help: state === "far" ? "" : "renew it" });
  mock.world.certificates = [one("http", "near", "expires in 20 days, on 2026-12-12"), one("sip", "far", "expires in 80 days, on 2027-02-10")];
  const floor = await enter("sam");
  const told = floor.locator(".notice", { hasText: "The certificate of" });
  await expect(told).toHaveText(/these pages .* expires in 20 days, on 2026-12-12: renew it\./);
  await expect(told).toHaveClass(/\bwarn\b/);
  mock.world.certificates = [one("http", "far", ""), one("sip", "expired", "expired on 2026-11-22")];
  await floor.reload();
  await expect(told).toHaveText(/SIP phones .* expired on 2026-11-22/);
  await expect(told).toHaveClass(/\bbad\b/);
  await floor.goto(`${mock.url}/floor?tv`);
  await expect(floor.getByRole("region", { name: "Queue support" })).toBeVisible();
  await expect(told).toHaveCount(0);
});
