// A page judged and kept: axe, its width, its picture.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { expect } from "./world.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Found {
  id: string;
  impact: string;
  help: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** Serious and critical findings of WCAG 2.2 A and AA and of good practice. */
async function findings(page: Page): Promise<string[]> {
  // Evaluated by the debugger: the page's policy would refuse a script tag.
  await page.evaluate(`if (!window.axe) { ${axe} }`);
  const run = "window.axe.run(document).then(({ violations, passes }) => ({ violations, passes: passes.length }))";
  const { violations, passes } = (await page.evaluate(run)) as { violations: Found[]; passes: number };
  expect(passes, "rules that axe could judge").toBeGreaterThan(8);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => `${node.target.join(" ")} (${node.failureSummary})`).join("; ")}`);
}

/** Axe, the width and a picture, kept in `dist/shots/NAME.png`. */
export async function look(page: Page, name: string): Promise<void> {
  expect.soft(await findings(page), name).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect.soft(wide, `${name}: wider than the window`).toBeLessThanOrEqual(0);
  await page.screenshot({ path: `dist/shots/${name}.png`, fullPage: true });
}
