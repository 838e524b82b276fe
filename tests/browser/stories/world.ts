// What every story starts from: the built pages over a stand-in server of its own, pages that fail the story on any
// error of theirs, and ears.
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, expect, type BrowserContext, type Page } from "@playwright/test";
import { startMock, type Mock } from "../mock/server.mjs";

export type { Mock };

const console_ = new URL("../../../console/", import.meta.url).pathname;

/** Built once per worker. */
function build(): string {
  const out = join(mkdtempSync(join(tmpdir(), "cordboard-console-")), "pages");
  execFileSync("npm", ["run", "--silent", "build", "--", "--outDir", out], { cwd: console_, stdio: "pipe" });
  return out;
}

interface Fixtures {
  mock: Mock;
  /** A browser of its own, signed in. */
  enter: (login: string, options?: { width?: number; dark?: boolean; to?: string }) => Promise<Page>;
}

export const test = base.extend<Fixtures, { pages: string }>({
  pages: [async ({}, use) => use(build()), { scope: "worker" }],
  mock: async ({ pages }, use) => {
    const mock = await startMock({ pages });
    await use(mock);
    await mock.close();
  },
  enter: async ({ browser, mock }, use) => {
    const contexts: BrowserContext[] = [];
    const problems: string[] = [];
    await use(async (login, { width = 1280, dark = false, to } = {}) => {
      const context = await browser.newContext({
        viewport: { width, height: width < 600 ? 844 : 800 },
        colorScheme: dark ? "dark" : "light",
        permissions: ["microphone"],
        reducedMotion: "reduce",
      });
      contexts.push(context);
      const page = await context.newPage();
      page.on("pageerror", (error) => problems.push(`${login}: ${error.message}`));
      page.on("console", (message) => {
        // What the policy refuses is an error of ours; an answer of 4xx, and a server that is gone, are part of stories.
        const ofStory = /Failed to load resource|^WebSocket connection to '[^']*' failed: .*net::ERR_CONNECTION/.test(message.text());
        if (message.type() === "error" && !ofStory) problems.push(`${login}: ${message.text()}`);
      });
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith("http") && url.origin !== mock.url) problems.push(`${login}: asked ${url.origin}`);
      });
      await page.goto(`${mock.url}/enter?t=${login}`);
      if (to !== undefined) await page.goto(mock.url + to);
      return page;
    });
    for (const context of contexts) await context.close();
    expect(problems).toEqual([]);
  },
});

export { expect };

/** Goes through the sound check until the agent is available. */
export async function goAvailable(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Go available" }).click();
  await expect(page.locator("#state")).toContainText("Available", { timeout: 15_000 });
  await expect(page.locator("dialog[open]")).toHaveCount(0);
}

/** A customer's page that calls; what it hears is what the agent says. */
export async function calls(customer: Page): Promise<void> {
  await customer.getByRole("button", { name: "Call", exact: true }).click();
}

/** An agent whose call's notes say "mine", and the id under which the stand-in keeps them. */
export async function takingNotes(enter: Fixtures["enter"], mock: Mock): Promise<[Page, string]> {
  const agent = await enter("ana");
  await goAvailable(agent);
  const customer = await enter("guest");
  await calls(customer);
  await expect(agent.getByRole("button", { name: "Answer" })).toBeEnabled();
  await agent.keyboard.press("Alt+Shift+A");
  await agent.locator("#notes").fill("mine");
  await expect(agent.locator("#notes-state")).toHaveText("Saved");
  return [agent, [...mock.world.notes.keys()][0] ?? ""];
}
