// "Call this draft": the browser's phone hears what nobody else hears yet, by the keys of a real call.
import { expect, test, type Page } from "@playwright/test";
import { startCompany, type Company } from "./company.js";
import { listen, loudness } from "./ear.js";
import { look } from "./look.js";
import { share, tone } from "./tones.js";

/** What only the draft plays, in Hz. */
const ONLY = 1_350;

let company: Company;
const problems: string[] = [];

test.use({ actionTimeout: 20_000 });
test.beforeAll(async () => {
  company = await startCompany(problems);
});
test.afterAll(() => {
  company.stop();
  expect(problems).toEqual([]);
});

/** Sends something as the page would. */
async function send(page: Page, method: string, path: string, body: string | number[]): Promise<number> {
  return page.evaluate(
    async ([method, path, body]) => {
      const csrf = ((await (await fetch("/api/v1/session")).json()) as { csrf: string }).csrf;
      const bytes = typeof body === "string" ? body : new Uint8Array(body);
      const kind = typeof body === "string" ? "application/json" : "application/octet-stream";
      return (await fetch(`/api/v1${path}`, { method, headers: { "Content-Type": kind, "X-CSRF-Token": csrf }, body: bytes })).status;
    },
    [method, path, body] as const,
  );
}

test("a draft is called from the page, heard as it stands, and goes by its keys, while callers get what is live", async ({ browser }) => {
  test.setTimeout(180_000);
  const page = await company.enter(browser, "sam", "/flows/support");
  await page.addInitScript(listen);
  const flow = (await (await page.request.get(`${company.url}/api/v1/flows/support`)).json()) as { text: string; tests: string; aliases: { version: number }[] };
  const text = flow.text.replace("\nprompts:\n", '\nprompts:\n  only-draft: { en: "Only here.", es: "Solo aquí." }\n').replace(/- play: greeting\n/, "- play: only-draft\n");
  expect(text).toContain("- play: only-draft");
  expect(await send(page, "PUT", "/prompts/en/only-draft", [...tone(ONLY, 6)])).toBeLessThan(300);
  const draft = { text, tests: flow.tests, base: flow.aliases[0]?.version, revision: null };
  expect(await send(page, "PUT", "/flows/support/draft", JSON.stringify(draft))).toBe(200);
  await page.reload();
  await page.getByRole("button", { name: "Try it" }).click();
  const call = page.getByRole("region", { name: "Call this draft" });
  await call.getByRole("button", { name: "Call this draft" }).click();
  await expect(call.getByRole("status")).toContainText("On the line");
  await expect.poll(() => loudness(page, ONLY, 600), { message: "the draft's own sound" }).toBeGreaterThan(-40);
  await expect(call.getByRole("status")).toContainText("in main");
  await expect(page.getByRole("treeitem", { name: "main", exact: true })).toHaveAttribute("aria-selected", "true");
  await look(page, "editor-call-draft");
  await call.getByRole("button", { name: "2", exact: true }).click();
  await expect(call.getByRole("status")).toContainText(/in (queue|message)-/);
  // Everybody else gets what they got.
  expect(share(await company.hears("", 8), ONLY)).toBeLessThan(0.1);
  await call.getByRole("button", { name: "Hang up" }).click();
  await expect(call.getByRole("status")).toContainText("The call is over.");
  await call.getByRole("link", { name: "Its record" }).click();
  await expect(page).toHaveURL(/calls\?flow=support%40draft/);
  await expect(page.getByRole("row")).toHaveCount(2);
  await look(page, "calls-of-a-draft");
  const counted = async (name: string): Promise<number> => ((await (await page.request.get(`${company.url}/api/v1/flows/${name}/traffic`)).json()) as { calls: number }).calls;
  await expect.poll(() => counted("support%40draft")).toBe(1);
  await expect.poll(() => counted("support")).toBe(1);
  // Whoever may not publish calls nothing.
  const author = await company.enter(browser, "eva", "/flows/support");
  await author.getByRole("button", { name: "Try it" }).click();
  await expect(author.getByRole("group", { name: "Keypad" })).toBeVisible();
  await expect(author.getByRole("button", { name: "Call this draft" })).toHaveCount(0);
});
