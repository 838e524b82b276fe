// The pages of flows: the list, and the versions of one with the way back.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { look } from "./look.js";
import { expect, test } from "./world.js";

test("a supervisor sees what callers get, and takes an older version again", async ({ enter, mock }) => {
  const page = await enter("sam");
  await page.getByRole("link", { name: "Flows" }).click();
  const row = page.getByRole("row", { name: /Fernhill Cycles/ });
  await expect(row).toContainText("version 3 on trial: 10 %");
  await expect(page.getByRole("row", { name: /returns/ })).toContainText("never published");
  await row.getByRole("link", { name: "version 2" }).click();
  await expect(page.getByText("New calls take version 2")).toBeVisible();
  await expect(page.getByText("Version 3 is on trial with 10 % of new calls.")).toBeVisible();
  await expect(page.getByRole("row", { name: /3 \(on trial\)/ })).toContainText("2.4 %");
  // What lies further back is asked for.
  await expect(page.getByText("Version 1", { exact: true })).toHaveCount(0);
  await page.getByRole("button", { name: "Show older versions" }).click();
  await page.getByRole("button", { name: "Go back to version 1" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Calls that are on go on as they are.");
  // A refusal says why, where it was asked.
  mock.world.flows.refuses = "Another version was published a moment ago: look again.";
  await dialog.getByRole("button", { name: "Yes" }).click();
  await expect(dialog.getByRole("alert")).toHaveText("Another version was published a moment ago: look again.");
  delete mock.world.flows.refuses;
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText("New calls take version 1")).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: /^Version 1/ })).toContainText("live");
});

test("an author begins at the flows, sees nothing of the floor, and is offered nothing that is the publisher's", async ({ enter, mock }) => {
  const page = await enter("eva");
  await expect(page.getByRole("row", { name: /Fernhill Cycles/ })).toBeVisible();
  await expect(page.getByRole("link", { name: "Floor" })).toHaveCount(0);
  await page.getByRole("link", { name: "version 2" }).click();
  await expect(page.getByText("Shorter greeting")).toBeVisible();
  await expect(page.getByRole("button", { name: /Go back|End the trial/ })).toHaveCount(0);
  await expect(page.getByText("The connection to the server is lost")).toHaveCount(0);
  expect(mock.liveSockets.size).toBe(0);
});

test("flows in files have no history here, and the page says where they are edited", async ({ enter, mock }) => {
  mock.world.flows.master = "files";
  mock.world.flows.canary = null;
  const page = await enter("sam", { to: "/flows/support/versions" });
  await expect(page.getByText("Edited in files")).toBeVisible();
  await expect(page.getByRole("heading", { name: "History" })).toHaveCount(0);
});

test("what callers do is counted block by block, and each number leads to its calls", async ({ enter, mock }) => {
  const page = await enter("sam", { to: "/flows" });
  await page.getByRole("link", { name: "What callers do in Fernhill Cycles" }).click();
  await expect(page.getByRole("heading", { name: "What callers do" })).toBeVisible();
  await expect(page.getByRole("term").filter({ hasText: "Served by the flow" })).toBeVisible();
  await expect(page.getByText("31.0 %")).toBeVisible();
  // In the order of the flow, not of the alphabet.
  await expect(page.getByRole("rowheader")).toHaveText(["start", "main", "person"]);
  await expect(page.getByRole("row", { name: /^main/ })).toContainText("trouble: error");
  await page.getByRole("button", { name: "Yesterday" }).click();
  await expect.poll(() => Date.parse(mock.world.flows.asked.to) - Date.parse(mock.world.flows.asked.from)).toBeLessThanOrEqual(25 * 3600_000);
  await page.getByRole("link", { name: "96 callers who hung up in main: show the calls" }).click();
  await expect(page.getByText("Flow support, came into main, and hung up there")).toBeVisible();
  const asked = (): string => mock.requests.findLast((request: string) => request.includes("/interactions?")) ?? "";
  for (const word of ["flow=support", "block=main", "ended=dropped", "from="]) await expect.poll(asked).toContain(word);
  await page.getByRole("link", { name: "All calls" }).click();
  await expect(page.getByText("Flow support")).toHaveCount(0);
  // Who may not read calls sees the numbers alone.
  const eva = await enter("eva", { to: "/flows/support/traffic" });
  await expect(eva.getByRole("row", { name: /^main/ })).toContainText("1000");
  await expect(eva.getByRole("link", { name: /show the calls/ })).toHaveCount(0);
});

test("opening hours are closed for now with a message, and opened again, without publishing", async ({ enter, mock }) => {
  const page = await enter("sam", { to: "/flows" });
  const row = page.getByRole("row", { name: /^office/ });
  await expect(row).toContainText("open");
  await row.getByRole("button", { name: "Close now" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Close it" }).click();
  await expect(dialog.getByRole("alert")).toHaveText("Give a reason for your colleagues.");
  await dialog.getByLabel("How long").selectOption("For 2 hours");
  await dialog.getByLabel("Callers hear").selectOption("words that I write, first");
  await dialog.getByRole("textbox", { name: /^Words/ }).fill("We are closed because of the flood.");
  await dialog.getByLabel("Reason").fill("flood");
  await dialog.getByRole("button", { name: "Close it" }).click();
  await expect(row).toContainText("closed by hand");
  await expect(row).toContainText("by sam: flood");
  expect(mock.world.flows.closed.message).toEqual({ words: "We are closed because of the flood." });
  expect(Date.parse(mock.world.flows.closed.until) - Date.now()).toBeGreaterThan(110 * 60_000);
  await row.getByRole("button", { name: "Open again" }).click();
  await expect(row).not.toContainText("flood");
  const eva = await enter("eva", { to: "/flows" });
  await expect(eva.getByRole("row", { name: /^office/ })).toContainText("open");
  await expect(eva.getByRole("button", { name: "Close now" })).toHaveCount(0);
});

for (const dark of [false, true]) {
  for (const width of [1280, 390]) {
    const kind = `${dark ? "dark" : "light"}-${width}`;
    test(`flows and versions: ${kind}`, async ({ enter }) => {
      const page = await enter("sam", { dark, width, to: "/flows" });
      await expect(page.getByRole("table")).toHaveCount(2);
      await look(page, `flows-${kind}`);
      await page.getByRole("button", { name: "Close now" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await look(page, `flows-close-${kind}`);
      await page.keyboard.press("Escape");
      await page.getByRole("link", { name: "What callers do in Fernhill Cycles" }).click();
      await expect(page.getByRole("rowheader")).toHaveCount(3);
      await look(page, `flow-traffic-${kind}`);
      await page.goBack();
      await page.getByRole("link", { name: "version 2" }).click();
      await expect(page.getByRole("heading", { name: "History" })).toBeVisible();
      await look(page, `flow-versions-${kind}`);
      await page.getByRole("button", { name: "Go back to version", exact: false }).first().or(page.getByRole("button", { name: "End the trial" })).first().click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await look(page, `flow-versions-asked-${kind}`);
    });
  }
}

test("the editor is loaded on its page alone, and is 250 kB at most", async ({ enter, mock, pages }) => {
  await enter("sam", { to: "/flows" });
  const asked = mock.requests.map((request) => request.split(" ")[1] ?? "");
  const editor = readdirSync(join(pages, "assets")).filter((file) => /^page-.*\.js\.gz$/.test(file));
  expect(editor).toHaveLength(1);
  expect(asked.some((path) => path.startsWith("/assets/page-"))).toBe(false);
  const size = statSync(join(pages, "assets", editor[0] ?? "")).size;
  console.log(`editor: ${(size / 1024).toFixed(1)} kB compressed`);
  expect(size).toBeLessThan(250 * 1024);
});
