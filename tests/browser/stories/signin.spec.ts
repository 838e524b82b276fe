// Signing in, out, an expired session, and what loads.
import { statSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Route } from "@playwright/test";
import { expect, test } from "./world.js";

test("signs in with words for a wrong password, and out", async ({ page, mock }) => {
  await page.goto(`${mock.url}/desk`);
  await expect(page).toHaveURL(/\/signin\?to=/);
  await page.getByLabel("Log-in name").fill("ana");
  await page.getByLabel("Password").fill("wrong");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("do not belong together");
  await page.getByLabel("Password").fill("secret");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/desk$/);
  await expect(page.locator("#state")).toContainText("Offline");
  await page.getByRole("button", { name: /your menu/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("an expired session says so and leads back to where one was", async ({ enter, mock }) => {
  const page = await enter("sam", { to: "/calls?outcome=abandoned" });
  await expect(page.getByRole("table")).toBeVisible();
  mock.sessions.clear();
  await page.getByLabel("Outcome").selectOption("answered");
  await expect(page.getByText("Your session has ended")).toBeVisible();
  await page.getByLabel("Log-in name").fill("sam");
  await page.getByLabel("Password").fill("secret");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/calls/);
  await expect(page.getByRole("table")).toBeVisible();
});

test("what did not load in a bad moment is asked for again", async ({ enter, mock }) => {
  const page = await enter("sam", { to: "/floor" });
  await expect(page.getByRole("heading", { name: "Floor", exact: true })).toBeVisible();
  const missed: string[] = [];
  for (const wanted of [/\/assets\/list-[^/]*\.js$/, /\/api\/v1\/interactions\?/]) {
    const miss = async (route: Route): Promise<void> => {
      missed.push(new URL(route.request().url()).pathname);
      await route.abort("connectionreset");
    };
    await page.route(wanted, miss, { times: 1 });
  }
  await page.getByRole("link", { name: "Calls" }).click();
  await expect(page.getByRole("table")).toBeVisible();
  expect(missed).toHaveLength(2);
  expect(mock.url).toContain("localhost");
});

test("nobody is led to another site after signing in", async ({ page, mock }) => {
  await page.goto(`${mock.url}/signin?to=${encodeURIComponent("//evil.example/")}`);
  await page.getByLabel("Log-in name").fill("ana");
  await page.getByLabel("Password").fill("secret");
  await page.keyboard.press("Enter");
  await expect(page.locator("#state")).toBeVisible();
  expect(new URL(page.url()).origin).toBe(mock.url);
});

test("the first load stays below 200 kB compressed on every page", async ({ enter, mock }) => {
  for (const [login, to] of [["ana", "/desk"], ["sam", "/floor"], ["sam", "/calls"], ["guest", "/call"]] as const) {
    const page = await enter(login, { to });
    await page.waitForLoadState("networkidle");
    const bytes = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .concat(performance.getEntriesByType("navigation"))
        .filter((entry) => !entry.name.includes("/api/"))
        .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0),
    );
    console.log(`${to}: ${(bytes / 1000).toFixed(1)} kB compressed`);
    expect(bytes).toBeGreaterThan(5_000);
    expect(bytes).toBeLessThan(200_000);
  }
  expect(mock.url).toContain("localhost");
});

test("no built page holds a script or style of its own", async ({ pages, request, mock }) => {
  const text = await (await request.get(`${mock.url}/signin`)).text();
  expect(text).not.toMatch(/<style|style="|<script(?![^>]*src="\/assets\/)/);
  const whole = readdirSync(join(pages, "assets")).reduce((sum, name) => sum + statSync(join(pages, "assets", name)).size, 0);
  expect(whole).toBeLessThan(3_000_000);
});
