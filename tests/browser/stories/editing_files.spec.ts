// The flow editor where flows are edited in files: a change is made and tried in the page, and leaves it as a patch.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { startCompany, type Company } from "./company.js";
import { look } from "./look.js";

let company: Company;
const problems: string[] = [];

test.use({ actionTimeout: 20_000 });
test.beforeAll(async () => {
  company = await startCompany(problems, "files");
});
test.afterAll(() => {
  company.stop();
  expect(problems).toEqual([]);
});

test("a change is kept in the browser, and the patch makes of the files what stands in the page", async ({ browser }) => {
  const file = join(company.folder, "flows/support.flow.yaml");
  const before = readFileSync(file, "utf8");
  const page = await company.enter(browser, "sam", "/flows/support");
  await expect(page.getByText("Flows are edited in files").or(page.getByText("Edited in files")).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Publish…" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Download the change" })).toBeDisabled();
  await page.getByRole("treeitem", { name: "main", exact: true }).click();
  const name = page.getByLabel("Name", { exact: true });
  await name.fill("main-menu");
  await name.press("Enter");
  await expect(page.getByRole("treeitem", { name: "main-menu", exact: true })).toBeVisible();
  await expect(page.getByText("Kept in this browser")).toBeVisible();
  await look(page, "editor-files");
  // The page is left and comes back.
  await page.reload();
  await expect(page.getByRole("treeitem", { name: "main-menu", exact: true })).toBeVisible();
  const waits = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download the change" }).click();
  const download = await waits;
  expect(download.suggestedFilename()).toBe("support.patch");
  const folder = mkdtempSync(join(tmpdir(), "cordboard-patch-"));
  cpSync(join(company.folder, "flows"), folder, { recursive: true });
  const patch = join(folder, "support.patch");
  await download.saveAs(patch);
  const said = execFileSync("patch", ["-p1", "--fuzz=0", "--input", patch], { cwd: folder, encoding: "utf8" });
  expect(said).toContain("support.flow.yaml");
  const after = readFileSync(join(folder, "support.flow.yaml"), "utf8");
  expect(after).toContain("main-menu:");
  await page.getByRole("button", { name: "Text", exact: true }).click();
  await expect(page.locator(".cm-content")).toContainText("main-menu");
  // Every line that does not name the block is as it was.
  const others = (text: string): string[] => text.split("\n").filter((line) => !/\bmain\b|main-menu/.test(line));
  expect(others(after)).toEqual(others(before));
  expect(readFileSync(file, "utf8")).toBe(before);
  rmSync(folder, { recursive: true });
  // Whoever keeps the files changes them meanwhile: that is said, and nothing is lost.
  writeFileSync(file, before.replace("Fernhill Cycles, support line", "Fernhill Cycles, the support line"));
  await expect(async () => {
    await page.reload();
    await expect(page.getByText("The files have changed since you began.")).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await page.getByRole("button", { name: "Throw the draft away" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Yes" }).click();
  await expect(page.getByRole("heading", { name: "Fernhill Cycles, the support line" })).toBeVisible();
  await expect(page.getByRole("treeitem", { name: "main", exact: true })).toBeVisible();
  await expect(page.getByText("The files have changed")).toHaveCount(0);
});
