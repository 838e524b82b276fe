// The flow editor over the real program: changed without YAML, published, heard by the next call, and taken back.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { startCompany, type Company } from "./company.js";
import { look } from "./look.js";
import { share, tone } from "./tones.js";

let company: Company;
const problems: string[] = [];
/** What the new message sounds like, in Hz. */
const MESSAGE = 1_350;

test.describe.configure({ mode: "serial" });
test.use({ actionTimeout: 20_000 });
test.beforeAll(async () => {
  company = await startCompany(problems);
});
test.afterAll(() => {
  company.stop();
  expect(problems).toEqual([]);
});

const flowText = async (page: Page): Promise<{ text: string; aliases: { version: number }[] }> => (await page.request.get(`${company.url}/api/v1/flows/support`)).json() as never;
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
    await field.blur();
    await expect(page.getByText("Draft saved")).toBeVisible();
  }
  await dialog.getByRole("combobox", { name: /^Then/ }).selectOption("queue:support");
  await dialog.getByRole("button", { name: "Add the key" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("treeitem", { name: "gift-vouchers", exact: true })).toBeVisible();
  await expect(page.getByText("Nothing is wrong.")).toBeVisible();
  await saved(page);
  // Tried without a phone, and kept as a test.
  await page.getByRole("button", { name: "Try it" }).click();
  const happens = page.getByRole("list", { name: "What happens" });
  await expect(happens).toContainText("Welcome to Fernhill Cycles");
  await page.getByRole("group", { name: "Keypad" }).getByRole("button", { name: "4" }).click();
  await expect(happens).toContainText("You have reached gift vouchers.");
  await expect(page.getByRole("treeitem", { name: "play gift-vouchers", selected: true })).toBeVisible();
  await page.getByRole("button", { name: "Save as a test" }).click();
  await saved(page);
  // The recording of the message, as it comes from the studio.
  const folder = join(company.folder, "prompts/en");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "gift-vouchers.wav"), tone(MESSAGE, 2));
  expect(share(await company.hears("4", 12), MESSAGE)).toBeLessThan(0.1);
  await page.getByRole("button", { name: "Publish…" }).click();
  await expect(dialog.getByText(/^All 35 tests passed\./)).toBeVisible();
  await expect(dialog.getByRole("region", { name: "What changes" })).toContainText("Gift vouchers");
  await dialog.getByLabel("What is different").fill("Key 4 for gift vouchers");
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.getByText("Callers get version 2")).toBeVisible();
  // Nothing that stood there is gone, comments least of all.
  const after = await flowText(page);
  const lines = after.text.split("\n");
  const told = /^ *(en: "To hear about your order, press|es: "Para saber de su pedido, pulse)/;
  for (const line of before.text.split("\n")) if (!told.test(line)) expect(lines).toContain(line);
  expect(share(await company.hears("4", 12), MESSAGE)).toBeGreaterThan(0.5);
});

test("another takes it back, and the next call hears the old menu", async ({ browser }) => {
  const page = await company.enter(browser, "pia", "/flows/support/versions");
  await page.getByRole("button", { name: "Go back to version 1" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Yes" }).click();
  await expect(page.getByText("New calls take version 1")).toBeVisible();
  expect(share(await company.hears("4", 12), MESSAGE)).toBeLessThan(0.1);
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

for (const dark of [false, true]) {
  for (const width of [1280, 390]) {
    test(`the editor: ${dark ? "dark" : "light"}-${width}`, async ({ browser }) => {
      const page = await company.enter(browser, "sam", "/flows/support", { dark, width });
      await page.getByRole("treeitem", { name: "menu" }).first().click();
      await expect(page.getByRole("heading", { name: /^menu/ })).toBeVisible();
      await look(page, `editor-${dark ? "dark" : "light"}-${width}`);
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
