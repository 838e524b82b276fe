// The flow editor's text over the real program: slips, completion, two who change it at once, and nothing typed is lost.
import { expect, test, type Locator, type Page } from "@playwright/test";
import { companyOfStories, draft, flowText, saved } from "./editor.js";
import { look } from "./look.js";

const company = companyOfStories();

test("a slip in the text keeps picture and outline, undo gives the same bytes, and nothing typed is lost", async ({ browser }) => {
  const page = await company().enter(browser, "sam", "/flows/support");
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
  await company().crash();
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
  expect((await draft(page)).text).toBe(`# mine\n${text}`);
});

test("what may stand at the cursor is offered while typing and by keys, in a text that is not whole yet", async ({ browser }) => {
  const page = await company().enter(browser, "sam", "/flows/support");
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
  const [sam, eva] = [await company().enter(browser, "sam", "/flows/support"), await company().enter(browser, "eva", "/flows/support")];
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
  const page = await company().enter(browser, "sam", "/flows/support");
  const { text } = await draft(page);
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
  const kept = await draft(page);
  expect(kept.tests.endsWith("# kept")).toBe(true);
  expect(kept.text).toBe(text);
  const eva = await company().enter(browser, "eva", "/flows/support");
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
  expect((await draft(page)).text.startsWith("# of eva\n")).toBe(true);
  await eva.getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await draft(page)).text.startsWith("# of sam\n")).toBe(true);
  await eva.getByRole("button", { name: "Throw the draft away" }).click();
  await eva.getByRole("dialog").getByRole("button", { name: "Yes" }).click();
  await expect(eva.getByText("no changes")).toBeVisible();
});
