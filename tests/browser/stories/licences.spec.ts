// What npm brings is permissive, and the lock files name no registry.
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";

const root = new URL("../../../", import.meta.url);
// MPL-2.0 is tolerated for what is used unchanged: the style compiler of the build, axe in tests.
const PERMISSIVE = new Set(["MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "MPL-2.0", "Python-2.0", "(MIT OR CC0-1.0)"]);
const MPL = /^node_modules\/(lightningcss|axe-core)/;

for (const folder of ["console", "tests/browser"]) {
  test(`${folder}: permissive licences, no registry`, () => {
    const text = readFileSync(new URL(`${folder}/package-lock.json`, root), "utf8");
    expect(text).not.toContain('"resolved"');
    expect(text).not.toMatch(/https?:\/\/[^"]*registry/);
    const { packages } = JSON.parse(text) as { packages: Record<string, { license?: string; integrity?: string }> };
    const others = Object.entries(packages).filter(([name]) => name !== "");
    expect(others.length).toBeGreaterThan(10);
    for (const [name, { license, integrity }] of others) {
      expect(integrity, name).toMatch(/^sha512-/);
      expect(PERMISSIVE.has(license ?? ""), `${name}: ${license}`).toBe(true);
      if (license === "MPL-2.0") expect(name).toMatch(MPL);
    }
  });
}
