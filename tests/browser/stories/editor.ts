// What the stories of the flow editor share: a company of their own, and what its flow's text is.
import { expect, test, type Page } from "@playwright/test";
import { startCompany, type Company } from "./company.js";

/** What a file of the stories sounds like, in Hz. */
export const MESSAGE = 1_350;

/** One company for all stories of a file, which come one after the other; their pages must have no errors. */
export function companyOfStories(): () => Company {
  let company: Company;
  const problems: string[] = [];
  test.describe.configure({ mode: "serial" });
  test.use({ actionTimeout: 20_000 });
  test.beforeAll(async () => {
    company = await startCompany(problems);
  });
  test.afterEach(() => company.leave());
  test.afterAll(() => {
    company.stop();
    expect(problems).toEqual([]);
  });
  return () => company;
}

const asked = async <T>(page: Page, path: string): Promise<T> => (await page.request.get(new URL(path, page.url()).href)).json() as Promise<T>;

/** The flow as callers get it. */
export const flowText = (page: Page): Promise<{ text: string; tests: string; aliases: { version: number }[] }> => asked(page, "/api/v1/flows/support");

/** The draft of the flow, or the flow where there is none. */
export const draft = (page: Page): Promise<{ text: string; tests: string; author: string }> => asked(page, "/api/v1/flows/support/draft");

/** Waits until everything typed is kept. */
export const saved = (page: Page): Promise<void> => expect(page.getByText("Draft saved")).toBeVisible();

/** From now on, each sound that the page is about to play. */
export async function listened(page: Page): Promise<() => Promise<Buffer[]>> {
  await page.evaluate(() => {
    const own = globalThis as unknown as { sounds: Blob[] };
    own.sounds = [];
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (sound: Blob) => {
      own.sounds.push(sound);
      return make(sound);
    };
  });
  const all = (): Promise<number[][]> =>
    page.evaluate(async () => {
      const { sounds } = globalThis as unknown as { sounds: Blob[] };
      return Promise.all(sounds.map(async (sound) => [...new Uint8Array(await sound.arrayBuffer())]));
    });
  return async () => (await all()).map((bytes) => Buffer.from(bytes));
}
