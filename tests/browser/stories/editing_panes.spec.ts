// The flow editor's panes over the real program: recordings, prompts, expressions, and a trial by hand.
import { expect, test } from "@playwright/test";
import { companyOfStories, draft, flowText, MESSAGE, saved } from "./editor.js";
import { look } from "./look.js";
import { share, tone } from "./tones.js";

const company = companyOfStories();

test("a recording comes from a file, and the one that was there is replaced", async ({ browser }) => {
  const page = await company().enter(browser, "pia", "/flows/support");
  await page.getByRole("treeitem", { name: "play greeting" }).click();
  const spanish = page.locator(".flow-recording").nth(1);
  await expect(spanish).toContainText("Recorded.");
  const recording = async (): Promise<Buffer> => (await page.request.get(`${company().url}/api/v1/prompts/es/greeting`)).body();
  expect(share(await recording(), MESSAGE)).toBeLessThan(0.1);
  await spanish.getByLabel("From a file").setInputFiles({ name: "voice.wav", mimeType: "audio/wav", buffer: tone(MESSAGE, 2) });
  await expect(spanish).toContainText("LUFS, brought to");
  const after = await recording();
  expect(share(after, MESSAGE)).toBeGreaterThan(1.5);
  expect(after.readUInt32LE(24)).toBe(16_000);
});

test("the prompts say what is recorded in which language, how loud, what is missing, and where each is used", async ({ browser }) => {
  const page = await company().enter(browser, "pia", "/flows/support");
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
  const page = await company().enter(browser, "eva", "/flows/support");
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
  await expect.poll(async () => (await draft(page)).text).toContain('call.from.startsWith("+34")');
  await page.getByRole("button", { name: "Add a case" }).click();
  await expect(page.getByRole("group", { name: "Case 2" }).getByLabel("When", { exact: true })).toHaveValue("customer.known");
  await page.getByRole("group", { name: "Case 2" }).getByLabel("Begin from an example").selectOption({ value: 'customer.tier == "gold"' });
  await expect(page.getByRole("group", { name: "Case 2" })).toContainText("Now false");
  await page.getByRole("button", { name: "Take case 2 away" }).click();
  await expect(page.getByRole("group", { name: "Case 2" })).toHaveCount(0);
  while (await page.getByRole("button", { name: "Undo" }).isEnabled()) await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("no changes")).toBeVisible();
  await expect.poll(async () => (await draft(page)).text).toBe(text);
});

test("what agents and servers do in a trial is kept in its test, which then passes", async ({ browser }) => {
  const page = await company().enter(browser, "sam", "/flows/support");
  const { text, tests } = await flowText(page);
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
  const kept = await draft(page);
  expect(kept.text).toBe(text);
  const added = kept.tests.slice(tests.trimEnd().length);
  for (const part of ["mock: { http: {", "being_built", "agent: answers", "agent: leaves"]) expect(added).toContain(part);
  await page.getByRole("button", { name: "Publish…" }).click();
  await expect(page.getByText(/^All \d+ tests passed\./)).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Throw the draft away" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Yes" }).click();
  await expect(page.getByText("no changes")).toBeVisible();
});

for (const dark of [false, true]) {
  for (const width of [1280, 390]) {
    test(`the editor: ${dark ? "dark" : "light"}-${width}`, async ({ browser }) => {
      const page = await company().enter(browser, "sam", "/flows/support", { dark, width });
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
