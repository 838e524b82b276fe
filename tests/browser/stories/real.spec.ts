// The pages over the real program.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { startDemo, type Demo } from "./demo.js";

let demo: Demo;

test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  demo = await startDemo("--no-sim");
});
test.afterAll(async () => demo.stop());

/** Errors of a page that are none of a story: refused by the policy, thrown by us, asked from elsewhere. */
function watch(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) problems.push(message.text());
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (/^(http|ws)/.test(url.protocol) && url.port !== String(demo.http)) problems.push(`asked ${url.origin}`);
  });
  return problems;
}

test("each printed link signs in once and leads to its page", async ({ browser }) => {
  const { customer, agent, supervisor } = demo.links;
  for (const [link, path, shows] of [
    [customer, "/call", "Fernhill Cycles"],
    [agent, "/desk", "Desk"],
    [supervisor, "/floor", "Floor"],
  ] as const) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const problems = watch(page);
    const answer = await page.goto(link);
    expect(new URL(page.url()).pathname).toBe(path);
    expect(page.url()).not.toContain("t=");
    const policy = answer?.headers()["content-security-policy"] ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toContain("unsafe");
    await expect(page.getByText(shows).first()).toBeVisible();
    await page.screenshot({ path: `dist/shots/real${path.replace("/", "-")}.png` });
    const again = await browser.newContext();
    const other = await again.newPage();
    await other.goto(link);
    await expect(other.getByText(shows)).toHaveCount(0);
    await context.close();
    await again.close();
    expect(problems).toEqual([]);
  }
});

test("a user signs in by password, finds the calls, and is signed out", async ({ page }) => {
  const problems = watch(page);
  const users = readFileSync(join(demo.data, "users.toml"), "utf8");
  const password = /^sam = "([^"]+)"/m.exec(users)?.[1] ?? "";
  await page.goto(`http://localhost:${demo.http}/calls`);
  await page.getByLabel("Log-in name").fill("sam");
  await page.getByLabel("Password").fill("not this one");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("do not belong together");
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Calls", exact: true })).toBeVisible();
  await expect(page.getByText("No call fits")).toBeVisible();
  await page.getByRole("button", { name: /your menu/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.goto(`http://localhost:${demo.http}/floor`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(problems).toEqual([]);
});
