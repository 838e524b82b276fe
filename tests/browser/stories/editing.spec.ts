// The flow editor over the real program: changed without YAML, published, heard by the next call, and taken back.
import { expect, test, type Locator, type Page } from "@playwright/test";
import { startCompany, type Company } from "./company.js";
import { look } from "./look.js";
import { sippHears } from "./sipp.js";
import { SPOKEN, share, tone } from "./tones.js";

let company: Company;
const problems: string[] = [];
/** What a file of the stories sounds like, in Hz. */
const MESSAGE = 1_350;

test.describe.configure({ mode: "serial" });
test.use({ actionTimeout: 20_000 });
test.beforeAll(async () => {
  company = await startCompany(problems);
});
test.afterEach(() => company.leave());
test.afterAll(() => {
  company.stop();
  expect(problems).toEqual([]);
});

const flowText = async (page: Page): Promise<{ text: string; aliases: { version: number }[] }> => (await page.request.get(`${company.url}/api/v1/flows/support`)).json() as never;
const draft = async (page: Page): Promise<string> => ((await (await page.request.get(`${company.url}/api/v1/flows/support/draft`)).json()) as { text: string }).text;
/** So many milliseconds ahead, as a field of day and time has it. */
const local = (ahead: number): string => {
  const time = new Date(Date.now() + ahead);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};
const saved = (page: Page): Promise<void> => expect(page.getByText("Draft saved")).toBeVisible();

test("a new key with a message and a queue is added without a word of YAML, published, and the next call hears it", async ({ browser }) => {
  const page = await company.enter(browser, "sam", "/flows/support");
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
  expect(share(await company.hears("4", 12), SPOKEN)).toBeLessThan(0.1);
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
  expect(share(await sippHears(company.sip, "4", 10), SPOKEN)).toBeGreaterThan(0.5);
});

/** From now on, each sound that the page is about to play. */
async function listened(page: Page): Promise<() => Promise<Buffer[]>> {
  await page.evaluate(() => {
    const own = globalThis as unknown as { sounds: Blob[] };
    own.sounds = [];
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (sound: Blob) => {
      own.sounds.push(sound);
      return make(sound);
    };
  });
  const all = (): Promise<number[][]> =>
    page.evaluate(async () => {
      const { sounds } = globalThis as unknown as { sounds: Blob[] };
      return Promise.all(sounds.map(async (sound) => [...new Uint8Array(await sound.arrayBuffer())]));
    });
  return async () => (await all()).map((bytes) => Buffer.from(bytes));
}

test("another takes it back, and the next call hears the old menu", async ({ browser }) => {
  const page = await company.enter(browser, "pia", "/flows/support/versions");
  await page.getByRole("button", { name: "Go back to version 1" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Yes" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByText("New calls take version 1")).toBeVisible();
  expect(share(await sippHears(company.sip, "4", 10), SPOKEN)).toBeLessThan(0.1);
});

test("the calls that were made stand at the blocks, and on the page of what callers do", async ({ browser }) => {
  const page = await company.enter(browser, "sam", "/flows/support");
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
  const waiting = sippHears(company.sip, "9", 8);
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

test("a recording comes from a file, and the one that was there is replaced", async ({ browser }) => {
  const page = await company.enter(browser, "pia", "/flows/support");
  await page.getByRole("treeitem", { name: "play greeting" }).click();
  const spanish = page.locator(".flow-recording").nth(1);
  await expect(spanish).toContainText("Recorded.");
  const recording = async (): Promise<Buffer> => (await page.request.get(`${company.url}/api/v1/prompts/es/greeting`)).body();
  expect(share(await recording(), MESSAGE)).toBeLessThan(0.1);
  await spanish.getByLabel("From a file").setInputFiles({ name: "voice.wav", mimeType: "audio/wav", buffer: tone(MESSAGE, 2) });
  await expect(spanish).toContainText("LUFS, brought to");
  const after = await recording();
  expect(share(after, MESSAGE)).toBeGreaterThan(1.5);
  expect(after.readUInt32LE(24)).toBe(16_000);
});

test("the prompts say what is recorded in which language, how loud, what is missing, and where each is used", async ({ browser }) => {
  const page = await company.enter(browser, "pia", "/flows/support");
  await page.getByRole("group", { name: "Form, text, prompts" }).getByRole("button", { name: "Prompts" }).click();
  await expect(page.getByRole("status").filter({ hasText: /^\d+ prompts\. Nothing is missing\.$/ })).toBeVisible({ timeout: 90_000 });
  const row = page.getByRole("listitem").filter({ has: page.getByRole("button", { name: "goodbye", exact: true }) });
  await expect(row).toContainText(/English recorded [\d.]+ s, −\d+ LUFS/);
  await look(page, "editor-prompts");
  await row.getByRole("button", { name: "goodbye", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(row).toContainText("Used in goodbye 1.");
  await row.getByRole("button", { name: "Remove the recording" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Yes" }).click();
  await expect(row).toContainText("English spoken");
  await row.locator("input[type=file]").first().setInputFiles({ name: "bye.wav", mimeType: "audio/wav", buffer: tone(MESSAGE, 2) });
  await expect(row.getByText(/LUFS, brought to/)).toBeVisible();
  await expect(row).toContainText(/English recorded 2\.0 s, −19 LUFS/);
});

test("expressions are written in the form, with what they are worth for the caller of Try it", async ({ browser }) => {
  const page = await company.enter(browser, "eva", "/flows/support");
  const { text } = await flowText(page);
  await page.getByRole("treeitem", { name: "branch" }).first().click();
  const first = page.getByRole("group", { name: "Case 1" });
  const when = first.getByLabel("When", { exact: true });
  await expect(when).toHaveValue('call.language == "es"');
  await expect(first).toContainText("Now false in the call of Try it");
  await when.fill('call.from.startsWith("+34');
  await expect(first).toContainText(/at letter \d+:/);
  await when.fill('call.from.startsWith("+34")');
  await expect(first).toContainText("Now true in the call of Try it");
  await look(page, "editor-expression");
  await when.press("Enter");
  await saved(page);
  await expect.poll(() => draft(page)).toContain('call.from.startsWith("+34")');
  await page.getByRole("button", { name: "Add a case" }).click();
  await expect(page.getByRole("group", { name: "Case 2" }).getByLabel("When", { exact: true })).toHaveValue("customer.known");
  await page.getByRole("group", { name: "Case 2" }).getByLabel("Begin from an example").selectOption({ value: 'customer.tier == "gold"' });
  await expect(page.getByRole("group", { name: "Case 2" })).toContainText("Now false");
  await page.getByRole("button", { name: "Take case 2 away" }).click();
  await expect(page.getByRole("group", { name: "Case 2" })).toHaveCount(0);
  while (await page.getByRole("button", { name: "Undo" }).isEnabled()) await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("no changes")).toBeVisible();
  await expect.poll(() => draft(page)).toBe(text);
});

test("a publish at a time is kept, called off, and happens when its time has come", async ({ browser }) => {
  const page = await company.enter(browser, "pia", "/flows/support");
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

test("a slip in the text keeps picture and outline, undo gives the same bytes, and nothing typed is lost", async ({ browser }) => {
  const page = await company.enter(browser, "sam", "/flows/support");
  const { text } = await flowText(page);
  await page.getByRole("button", { name: "Text", exact: true }).click();
  const source = page.getByLabel("Text of the flow");
  await source.click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("x: [");
  await expect(page.getByText("as it was before the slip in the text")).toBeVisible();
  await expect(page.getByRole("treeitem", { name: "main", exact: true })).toBeVisible();
  await expect(page.getByRole("region", { name: "Findings" })).toContainText("wrong");
  await saved(page);
  // The browser goes, the server crashes: what was typed is there.
  await company.crash();
  await page.reload();
  await page.getByRole("button", { name: /^Text/ }).click();
  await expect(source).toContainText("x: [");
  await source.click();
  await page.keyboard.press("Control+Home");
  for (let n = 0; n < 4; n += 1) await page.keyboard.press("Delete");
  await expect(page.getByText("Nothing is wrong.")).toBeVisible();
  await page.keyboard.type("# mine\n");
  await page.keyboard.press("Control+z");
  await expect(page.getByText("no changes")).toBeVisible();
  await page.keyboard.press("Control+y");
  await saved(page);
  const draft = (await (await page.request.get(`${company.url}/api/v1/flows/support/draft`)).json()) as { text: string };
  expect(draft.text).toBe(`# mine\n${text}`);
});

test("what may stand at the cursor is offered while typing and by keys, in a text that is not whole yet", async ({ browser }) => {
  const page = await company.enter(browser, "sam", "/flows/support");
  await page.getByRole("button", { name: /^Text/ }).click();
  const source = page.getByLabel("Text of the flow");
  const list = page.getByRole("listbox");
  const option = (name: string): Locator => list.getByRole("option", { name: new RegExp(`^${name}(?![\\w-])`) });
  await source.click();
  await page.keyboard.press("Control+End");
  // A bracket that is left open above takes nothing away.
  await page.keyboard.insertText("\nblocks:\n  more:\n    - say: [\n    - qu");
  await page.keyboard.type("e");
  await expect(option("queue")).toBeVisible();
  await look(page, "editor-completion");
  await page.keyboard.press("Escape");
  await expect(list).toHaveCount(0);
  await page.keyboard.press("Control+ ");
  await expect(option("queue")).toHaveAttribute("aria-selected", "true");
  // An Enter that was on its way when the list opened is meant for the text.
  await page.waitForTimeout(200);
  await page.keyboard.press("Enter");
  await expect(source).toContainText("- queue: ");
  await page.keyboard.type("sup");
  await expect(option("support")).toBeVisible();
  await page.waitForTimeout(200);
  await page.keyboard.press("Enter");
  await expect(source).toContainText("- queue: support");
  await expect(page.getByRole("treeitem", { name: "main", exact: true })).toBeVisible();
  await saved(page);
  // Nothing of this stays for the stories after it.
  await page.getByRole("button", { name: "Throw the draft away" }).click();
  await page.getByRole("button", { name: "Yes" }).click();
  await expect(source).not.toContainText("- queue: support");
});

test("two who change it at once are told, and neither loses a word", async ({ browser }) => {
  const [sam, eva] = [await company.enter(browser, "sam", "/flows/support"), await company.enter(browser, "eva", "/flows/support")];
  const types = async (page: Page, words: string): Promise<void> => {
    await page.getByRole("button", { name: /^Text/ }).click();
    await page.getByLabel("Text of the flow").click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type(words);
  };
  await types(sam, "# sam was here\n");
  await saved(sam);
  await types(eva, "# eva was here\n");
  await expect(eva.getByText("sam saved a newer draft")).toBeVisible();
  await expect(eva.getByRole("button", { name: "Publish…" })).toHaveCount(0);
  await eva.getByRole("button", { name: /Take theirs/ }).click();
  await expect(eva.getByLabel("Text of the flow")).toContainText("# sam was here");
  await eva.getByRole("button", { name: "Undo" }).click();
  await expect(eva.getByLabel("Text of the flow")).toContainText("# eva was here");
});

test("a dialog that is left changes nothing, tests are kept as they are typed, and theirs comes back after mine was kept", async ({ browser }) => {
  const page = await company.enter(browser, "sam", "/flows/support");
  const draft = async (): Promise<{ text: string; tests: string; author: string }> => (await page.request.get(`${company.url}/api/v1/flows/support/draft`)).json() as never;
  const { text } = await draft();
  await page.getByRole("treeitem", { name: "menu" }).first().click();
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByRole("group", { name: "What the menu says" }).getByLabel("In English").fill("Something else.");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Tests", exact: true }).click();
  await page.getByLabel("Tests of the flow").focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("# kept");
  // The field is not left: the page is, as if the browser were gone.
  await saved(page);
  await page.reload();
  await expect(page.getByRole("tree")).toBeVisible();
  const kept = await draft();
  expect(kept.tests.endsWith("# kept")).toBe(true);
  expect(kept.text).toBe(text);
  const eva = await company.enter(browser, "eva", "/flows/support");
  const remark = async (who: Page, words: string): Promise<void> => {
    await who.getByRole("button", { name: /^Text/ }).click();
    await who.getByLabel("Text of the flow").click();
    await who.keyboard.press("Control+Home");
    await who.keyboard.type(words);
  };
  await remark(page, "# of sam\n");
  await saved(page);
  await remark(eva, "# of eva\n");
  await eva.getByRole("button", { name: "Save mine in its place" }).click();
  await saved(eva);
  expect((await draft()).text.startsWith("# of eva\n")).toBe(true);
  await eva.getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await draft()).text.startsWith("# of sam\n")).toBe(true);
  await eva.getByRole("button", { name: "Throw the draft away" }).click();
  await eva.getByRole("dialog").getByRole("button", { name: "Yes" }).click();
  await expect(eva.getByText("no changes")).toBeVisible();
});

test("what agents and servers do in a trial is kept in its test, which then passes", async ({ browser }) => {
  const page = await company.enter(browser, "sam", "/flows/support");
  const { text, tests } = (await (await page.request.get(`${company.url}/api/v1/flows/support`)).json()) as { text: string; tests: string };
  await page.getByRole("button", { name: "Try it" }).click();
  const happens = page.getByRole("list", { name: "What happens" });
  const does = async (line: string): Promise<void> => {
    await page.getByLabel("Several keys, or what else happens").fill(line);
    await page.keyboard.press("Enter");
  };
  await expect(happens).toContainText("Welcome");
  await page.getByRole("group", { name: "Keypad" }).getByRole("button", { name: "1", exact: true }).click();
  await expect(happens).toContainText("six digits");
  await does("123456");
  await expect(happens).toContainText("asks a server outside");
  await does('http 200 {"status": "being_built"}');
  await expect(happens).toContainText("being built");
  const nothing = page.getByRole("button", { name: "Say and do nothing" });
  await nothing.click();
  await expect(happens).toContainText("speak to someone about your order");
  await does("1");
  for (let n = 0; n < 6 && (await happens.getByText("waits in queue").count()) === 0; n += 1) {
    await nothing.click();
    await page.waitForTimeout(400);
  }
  await expect(happens).toContainText("waits in queue");
  await page.getByRole("button", { name: "An agent answers" }).click();
  await page.getByRole("button", { name: "The agent leaves" }).click();
  await expect(happens).toContainText("How did we do?");
  await page.getByRole("button", { name: "Save as a test" }).click();
  await saved(page);
  const draft = (await (await page.request.get(`${company.url}/api/v1/flows/support/draft`)).json()) as { text: string; tests: string };
  expect(draft.text).toBe(text);
  const added = draft.tests.slice(tests.trimEnd().length);
  for (const part of ["mock: { http: {", "being_built", "agent: answers", "agent: leaves"]) expect(added).toContain(part);
  await page.getByRole("button", { name: "Publish…" }).click();
  await expect(page.getByText(/^All \d+ tests passed\./)).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Throw the draft away" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Yes" }).click();
  await expect(page.getByText("no changes")).toBeVisible();
});

test("by keys alone: along the tree, a step moved, removed and brought back", async ({ browser }) => {
  const page = await company.enter(browser, "sam", "/flows/support");
  const tree = page.getByRole("tree");
  await tree.locator('[tabindex="0"]').focus();
  for (let n = 0; n < 4; n += 1) await page.keyboard.press("ArrowDown");
  const chosen = tree.locator('[role="treeitem"][aria-selected="true"]');
  await expect(chosen).toHaveAccessibleName(/^play/);
  const steps = async (): Promise<string[]> => (await tree.locator('[role="treeitem"]').allTextContents()).slice(1, 6);
  const before = await steps();
  await page.keyboard.press("Alt+ArrowUp");
  await expect.poll(steps).toEqual([before[0], before[1], before[3], before[2], before[4]]);
  await page.keyboard.press("Delete");
  await expect.poll(steps).toEqual([before[0], before[1], before[2], before[4], expect.stringMatching(/^main/)]);
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await expect.poll(steps).toEqual(before);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Form and text" }).locator(":focus")).toHaveCount(1);
});

/** Goes on with the Tab key until it is there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let n = 0; n < 400; n += 1) {
    if (await target.evaluate((one) => one === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no way by Tab to ${String(target)}`);
}

test("the whole story by keys alone: a key, its message, a trial, a test, a publish and the way back", async ({ browser }) => {
  const page = await company.enter(browser, "sam", "/flows/support");
  const presses = async (target: Locator): Promise<void> => {
    await tabTo(page, target);
    await page.keyboard.press("Enter");
  };
  const types = async (target: Locator, words: string): Promise<void> => {
    await tabTo(page, target);
    await page.keyboard.press("Control+End");
    await page.keyboard.type(words);
  };
  await tabTo(page, page.locator('[role="treeitem"][tabindex="0"]'));
  for (let n = 0; n < 7; n += 1) await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("treeitem", { name: "menu", selected: true })).toBeFocused();
  await page.keyboard.press("Enter");
  await presses(page.getByRole("button", { name: "New key" }));
  const dialog = page.getByRole("dialog");
  await tabTo(page, dialog.getByRole("combobox", { name: /^Key/ }));
  await page.keyboard.type("6");
  await types(dialog.getByLabel("What it is for"), "Bike check");
  const menu = dialog.getByRole("group", { name: "What the menu says" });
  await types(menu.getByLabel("In English"), " For a bike check, press 6.");
  await types(menu.getByLabel("In Spanish"), " Para una revisión, pulse 6.");
  const behind = dialog.getByRole("group", { name: "What callers hear behind it" });
  await types(behind.getByLabel("In English"), "Somebody will look at your bike.");
  await types(behind.getByLabel("In Spanish"), "Alguien revisará su bicicleta.");
  await presses(dialog.getByRole("button", { name: "Add the key" }));
  await expect(page.getByRole("treeitem", { name: "bike-check", exact: true })).toBeVisible();
  await expect(page.getByText("Nothing is wrong.")).toBeVisible();
  // Along the tree to the new message, which is spoken into the microphone.
  await tabTo(page, page.locator('[role="treeitem"][tabindex="0"]'));
  await page.keyboard.press("End");
  const message = page.getByRole("treeitem", { name: "play bike-check", selected: true });
  for (let n = 0; n < 60 && (await message.count()) === 0; n += 1) await page.keyboard.press("ArrowUp");
  await expect(message).toBeFocused();
  await page.keyboard.press("Enter");
  const english = page.locator(".flow-recording").first();
  await presses(english.getByRole("button", { name: "Record", exact: true }));
  // So long somebody speaks.
  await page.waitForTimeout(2_500);
  await presses(english.getByRole("button", { name: "Stop recording" }));
  await expect(english).toContainText("LUFS, brought to -19");
  await presses(page.getByRole("button", { name: "Try it" }));
  await tabTo(page, page.getByRole("checkbox", { name: "Play what callers hear" }));
  await page.keyboard.press("Space");
  const sounds = await listened(page);
  await presses(page.getByRole("group", { name: "Keypad" }).getByRole("button", { name: "6" }));
  await expect(page.getByRole("list", { name: "What happens" })).toContainText("Somebody will look at your bike.");
  await expect.poll(async () => Math.max(0, ...(await sounds()).map((sound) => share(sound, SPOKEN)))).toBeGreaterThan(0.5);
  await presses(page.getByRole("button", { name: "Save as a test" }));
  await saved(page);
  await presses(page.getByRole("button", { name: "Publish…" }));
  await expect(dialog.getByText(/^All \d+ tests passed\./)).toBeVisible();
  await types(dialog.getByLabel("What is different"), "Key 6 for bike checks");
  await presses(dialog.getByRole("button", { name: "Publish", exact: true }));
  await expect(dialog).toHaveCount(0);
  await expect.poll(async () => (await flowText(page)).text).toContain("bike-check:");
  await expect(page.getByText(`Callers get version ${(await flowText(page)).aliases[0]?.version}`)).toBeVisible();
  expect(share(await sippHears(company.sip, "6", 10), SPOKEN)).toBeGreaterThan(0.5);
  await presses(page.getByRole("link", { name: "Versions" }));
  await presses(page.getByRole("button", { name: "Go back to version 1" }));
  await presses(page.getByRole("dialog").getByRole("button", { name: "Yes" }));
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByText("New calls take version 1")).toBeVisible();
  expect((await flowText(page)).text).not.toContain("bike-check:");
  expect(share(await sippHears(company.sip, "6", 10), SPOKEN)).toBeLessThan(0.1);
});

test("two hundred blocks are opened and changed", async ({ browser }) => {
  const page = await company.enter(browser, "sam", "/flows");
  const block = (n: number): string => `  b${n}:\n    - play: hello\n    - menu: { prompt: hello, keys: { 1: b${2 * n + 1}, 2: b${2 * n + 2} }, exits: { exhausted: bye } }\n`;
  const blocks = Array.from({ length: 198 }, (_, n) => block(n).replaceAll(/b(\d+)/g, (word, at: string) => (Number(at) > 197 ? "bye" : word)));
  const text = `flow: 1\nname: big\nprompts: { hello: { en: "Press 1 or 2." } }\nblocks:\n  start:\n    - answer:\n    - go: b0\n${blocks.join("")}  bye:\n    - hangup:\n`;
  await page.evaluate(async (text) => {
    const { csrf } = (await (await fetch("/api/v1/session")).json()) as { csrf: string };
    await fetch("/api/v1/flows/big/draft", { method: "PUT", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify({ text }) });
  }, text);
  const began = Date.now();
  await page.goto(`${company.url}/flows/big`);
  await expect(page.locator(".flow-canvas [data-box]")).toHaveCount(200);
  await expect(page.getByRole("treeitem", { name: "b197", exact: true })).toBeVisible();
  const opened = Date.now() - began;
  await page.getByRole("treeitem", { name: "b7", exact: true }).click();
  const name = page.getByRole("textbox", { name: "Name", exact: true });
  await name.fill("seventh");
  // By the page's own clock: from leaving the field until the picture has the new name, and until the findings are those of it.
  const shown = await page.evaluate(async () => {
    const field = document.activeElement as HTMLElement;
    const canvas = document.querySelector(".flow-canvas")?.shadowRoot;
    const began = performance.now();
    field.blur();
    while (!(canvas?.textContent ?? "").includes("seventh")) {
      if (performance.now() - began > 30_000) throw new Error("the picture never changed");
      await new Promise((next) => requestAnimationFrame(next));
    }
    return performance.now() - began;
  });
  await expect(page.locator(".flow-canvas [data-box]", { hasText: "seventh" })).toHaveCount(1);
  console.log(`200 blocks: opened in ${opened} ms, a change shown after ${shown.toFixed(0)} ms`);
});

for (const dark of [false, true]) {
  for (const width of [1280, 390]) {
    test(`the editor: ${dark ? "dark" : "light"}-${width}`, async ({ browser }) => {
      const page = await company.enter(browser, "sam", "/flows/support", { dark, width });
      await page.getByRole("treeitem", { name: "menu" }).first().click();
      await expect(page.getByRole("heading", { name: /^menu/ })).toBeVisible();
      await look(page, `editor-${dark ? "dark" : "light"}-${width}`);
      await page.getByRole("button", { name: "Try it" }).click();
      await expect(page.getByRole("list", { name: "What happens" })).toContainText("Welcome");
      await look(page, `editor-try-${dark ? "dark" : "light"}-${width}`);
      await page.getByRole("button", { name: /^Text/ }).click();
      await expect(page.getByLabel("Text of the flow")).toBeVisible();
      await look(page, `editor-text-${dark ? "dark" : "light"}-${width}`);
      await page.getByLabel("Text of the flow").click();
      await page.keyboard.press("Control+Home");
      await page.keyboard.type("# a remark\n");
      await saved(page);
      await page.getByRole("button", { name: "Publish…" }).click();
      await expect(page.getByText(/tests passed/)).toBeVisible();
      await look(page, `editor-publish-${dark ? "dark" : "light"}-${width}`);
    });
  }
}
