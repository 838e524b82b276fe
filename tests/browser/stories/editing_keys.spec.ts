// The flow editor by keys alone over the real program, and with two hundred blocks.
import { expect, test, type Locator, type Page } from "@playwright/test";
import { companyOfStories, flowText, listened, saved } from "./editor.js";
import { sippHears } from "./sipp.js";
import { SPOKEN, share } from "./tones.js";

const company = companyOfStories();

test("by keys alone: along the tree, a step moved, removed and brought back", async ({ browser }) => {
  const page = await company().enter(browser, "sam", "/flows/support");
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
  const page = await company().enter(browser, "sam", "/flows/support");
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
  expect(share(await sippHears(company().sip, "6", 10), SPOKEN)).toBeGreaterThan(0.5);
  await presses(page.getByRole("link", { name: "Versions" }));
  await presses(page.getByRole("button", { name: "Go back to version 1" }));
  await presses(page.getByRole("dialog").getByRole("button", { name: "Yes" }));
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByText("New calls take version 1")).toBeVisible();
  expect((await flowText(page)).text).not.toContain("bike-check:");
  expect(share(await sippHears(company().sip, "6", 10), SPOKEN)).toBeLessThan(0.1);
});

test("two hundred blocks are opened and changed", async ({ browser }) => {
  const page = await company().enter(browser, "sam", "/flows");
  const block = (n: number): string => `  b${n}:\n    - play: hello\n    - menu: { prompt: hello, keys: { 1: b${2 * n + 1}, 2: b${2 * n + 2} }, exits: { exhausted: bye } }\n`;
  const blocks = Array.from({ length: 198 }, (_, n) => block(n).replaceAll(/b(\d+)/g, (word, at: string) => (Number(at) > 197 ? "bye" : word)));
  const text = `flow: 1\nname: big\nprompts: { hello: { en: "Press 1 or 2." } }\nblocks:\n  start:\n    - answer:\n    - go: b0\n${blocks.join("")}  bye:\n    - hangup:\n`;
  await page.evaluate(async (text) => {
    const { csrf } = (await (await fetch("/api/v1/session")).json()) as { csrf: string };
    await fetch("/api/v1/flows/big/draft", { method: "PUT", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify({ text }) });
  }, text);
  const began = Date.now();
  await page.goto(`${company().url}/flows/big`);
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
