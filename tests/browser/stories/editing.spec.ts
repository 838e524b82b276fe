// The flow editor over the real program: changed without YAML, published, heard by the next call, and taken back.
import { expect, test } from "@playwright/test";
import { companyOfStories, flowText, listened, saved } from "./editor.js";
import { look } from "./look.js";
import { sippHears } from "./sipp.js";
import { SPOKEN, share } from "./tones.js";

const company = companyOfStories();

test("a new key with a message and a queue is added without a word of YAML, published, and the next call hears it", async ({ browser }) => {
  const page = await company().enter(browser, "sam", "/flows/support");
  const before = await flowText(page);
  await page.getByRole("treeitem", { name: "menu" }).first().click();
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox", { name: /^Key/ }).selectOption("4");
  await dialog.getByLabel("What it is for").fill("Gift vouchers");
  const behind = dialog.getByRole("group", { name: "What callers hear behind it" });
  await behind.getByLabel("In English").fill("You have reached gift vouchers.");
  await behind.getByLabel("In Spanish").fill("Ha llegado a las tarjetas de regalo.");
  // Callers learn of the key from the menu itself.
  const menu = dialog.getByRole("group", { name: "What the menu says" });
  for (const [language, more] of [
    ["English", "For gift vouchers, press 4."],
    ["Spanish", "Para tarjetas de regalo, pulse 4."],
  ] as const) {
    const field = menu.getByLabel(`In ${language}`);
    const words = `${await field.inputValue()} ${more}`;
    await field.fill(words);
  }
  await dialog.getByRole("combobox", { name: /^Then/ }).selectOption("queue:support");
  await dialog.getByRole("button", { name: "Add the key" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("treeitem", { name: "gift-vouchers", exact: true })).toBeVisible();
  await expect(page.getByText("Nothing is wrong.")).toBeVisible();
  await saved(page);
  // The message is spoken into the microphone; a file that is none is refused.
  await page.getByRole("treeitem", { name: "play gift-vouchers" }).click();
  const english = page.locator(".flow-recording").first();
  await expect(english).toContainText("No recording");
  await english.getByLabel("From a file").setInputFiles({ name: "voice.wav", mimeType: "audio/wav", buffer: Buffer.from("no audio at all") });
  await expect(page.getByText("it is no WAV, MP3, FLAC or Ogg file")).toBeVisible();
  await english.getByRole("button", { name: "Record", exact: true }).click();
  // So long somebody speaks.
  await page.waitForTimeout(2_500);
  await english.getByRole("button", { name: "Stop recording" }).click();
  await expect(english).toContainText("LUFS, brought to -19");
  expect(share(await company().hears("4", 12), SPOKEN)).toBeLessThan(0.1);
  // Tried without a phone, heard as a caller hears it, and kept as a test.
  await page.getByRole("button", { name: "Try it" }).click();
  const happens = page.getByRole("list", { name: "What happens" });
  await expect(happens).toContainText("Welcome to Fernhill Cycles");
  await page.getByRole("checkbox", { name: "Play what callers hear" }).check();
  const sounds = await listened(page);
  await page.getByRole("group", { name: "Keypad" }).getByRole("button", { name: "4" }).click();
  await expect(happens).toContainText("You have reached gift vouchers.");
  await expect(page.getByRole("treeitem", { name: "play gift-vouchers", selected: true })).toBeVisible();
  await expect.poll(async () => Math.max(0, ...(await sounds()).map((sound) => share(sound, SPOKEN)))).toBeGreaterThan(0.5);
  await expect.poll(() => page.locator(".flow-try audio").evaluate((audio: HTMLAudioElement) => audio.currentTime)).toBeGreaterThan(0.3);
  await page.getByRole("button", { name: "Save as a test" }).click();
  await saved(page);
  await page.getByRole("button", { name: "Publish…" }).click();
  await expect(dialog.getByText(/^All 35 tests passed\./)).toBeVisible();
  await expect(dialog.getByRole("region", { name: "What changes", exact: true })).toContainText("Gift vouchers");
  await expect(dialog.getByRole("region", { name: "What changes in the tests" })).toContainText("+");
  await expect(dialog.getByRole("region", { name: "What changes in blocks and steps" })).toContainText("+ block gift-vouchers");
  await dialog.getByText("As pictures").click();
  const willGet = dialog.getByRole("region", { name: "What they will get" }).locator("[data-box]");
  await expect(willGet.filter({ hasText: "gift-vouchers" })).toContainText("+ new");
  await expect(dialog.getByRole("region", { name: "What callers get now" }).getByText("± changed")).toHaveCount(1);
  await look(page, "publish-pictures");
  await dialog.getByLabel("What is different").fill("Key 4 for gift vouchers");
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.getByText("Callers get version 2")).toBeVisible();
  // Nothing that stood there is gone, comments least of all.
  const after = await flowText(page);
  const lines = after.text.split("\n");
  const told = /^ *(en: "To hear about your order, press|es: "Para saber de su pedido, pulse)/;
  for (const line of before.text.split("\n")) if (!told.test(line)) expect(lines).toContain(line);
  expect(share(await sippHears(company().sip, "4", 10), SPOKEN)).toBeGreaterThan(0.5);
});

test("another takes it back, and the next call hears the old menu", async ({ browser }) => {
  const page = await company().enter(browser, "pia", "/flows/support/versions");
  await page.getByRole("button", { name: "Go back to version 1" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Yes" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByText("New calls take version 1")).toBeVisible();
  expect(share(await sippHears(company().sip, "4", 10), SPOKEN)).toBeLessThan(0.1);
});

test("the calls that were made stand at the blocks, and on the page of what callers do", async ({ browser }) => {
  const page = await company().enter(browser, "sam", "/flows/support");
  await expect(page.getByRole("treeitem", { name: "main", exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Calls of 7 days" }).click();
  const made = await page.getByRole("status").filter({ hasText: "calls in 7 days" }).textContent();
  const calls = Number(/^(\d+) calls/.exec(made ?? "")?.[1]);
  expect(calls).toBeGreaterThanOrEqual(3);
  const start = page.locator(".flow-canvas [data-box]").filter({ hasText: "start" }).locator(".count");
  await expect(start).toContainText(`${calls} calls`);
  await look(page, "editor-calls");
  await page.getByRole("button", { name: "What is tested" }).click();
  await expect(page.getByRole("status").filter({ hasText: /Tests come by \d+ of \d+ steps and take \d+ of \d+ exits/ })).toBeVisible();
  await expect(page.locator(".flow-canvas [data-box]").filter({ hasText: "start" }).first()).toContainText("tested)");
  await expect(page.locator(".flow-canvas .count")).toHaveCount(0);
  await look(page, "editor-tests");
  const waiting = sippHears(company().sip, "9", 8);
  await page.getByRole("button", { name: "Callers now" }).click();
  await expect(page.locator(".flow-canvas .count")).toHaveText(/^1 caller now$/);
  await expect(page.getByText("1 in the flow now, 0 with an agent or done with it.")).toBeVisible();
  await look(page, "editor-callers");
  await waiting;
  await expect(page.locator(".flow-canvas .count")).toHaveCount(0);
  await page.getByRole("link", { name: "What callers do" }).click();
  await page.getByRole("button", { name: "Today" }).click();
  const row = page.getByRole("row", { name: /^gift-vouchers/ });
  await page.getByRole("row", { name: /^start/ }).getByRole("link", { name: `${calls + 1} calls in start: show the calls` }).click();
  await expect(page.getByRole("region", { name: "Calls found" }).getByRole("row")).toHaveCount(calls + 2);
  await page.goBack();
  // One call took the new key while it was live.
  await row.getByRole("link", { name: /^1 calls in gift-vouchers/ }).click();
  await expect(page.getByText("Flow support, came into gift-vouchers")).toBeVisible();
  await expect(page.getByRole("region", { name: "Calls found" }).getByRole("row")).toHaveCount(2);
});

/** So many milliseconds ahead, as a field of day and time has it. */
const local = (ahead: number): string => {
  const time = new Date(Date.now() + ahead);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

test("a publish at a time is kept, called off, and happens when its time has come", async ({ browser }) => {
  const page = await company().enter(browser, "pia", "/flows/support");
  const was = await flowText(page);
  await page.getByRole("treeitem", { name: "goodbye", exact: true }).click();
  await page.getByRole("button", { name: "Text", exact: true }).click();
  await page.getByLabel("Text of the flow").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# planned");
  await saved(page);
  await page.getByRole("button", { name: "Publish…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox", { name: /^When/ }).selectOption("at a time");
  await dialog.getByLabel("Day and time, by your clock").fill(local(24 * 3600_000));
  await look(page, "publish-at-a-time");
  await dialog.getByRole("button", { name: "Plan", exact: true }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText(/^pia has planned a publish/)).toBeVisible();
  await page.reload();
  await expect(page.getByText(/^pia has planned a publish/)).toBeVisible();
  await page.getByRole("button", { name: "Call it off" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Yes" }).click();
  await expect(page.getByText(/^pia has planned a publish/)).toHaveCount(0);
  expect((await flowText(page)).text).toBe(was.text);
  // The same, due in three seconds.
  const status = await page.evaluate(async (base) => {
    const csrf = ((await (await fetch("/api/v1/session")).json()) as { csrf: string }).csrf;
    const at = new Date(Date.now() + 3_000).toISOString();
    const answer = await fetch("/api/v1/flows/support/plan", { method: "PUT", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify({ base, at, comment: "planned" }) });
    return answer.status;
  }, was.aliases[0]?.version);
  expect(status).toBe(200);
  await expect.poll(async () => (await flowText(page)).text).toContain("# planned");
  const now = (await flowText(page)).aliases[0]?.version;
  expect(now).not.toBe(was.aliases[0]?.version);
  await page.reload();
  await expect(page.getByText(`Callers get version ${now}`)).toBeVisible();
});
