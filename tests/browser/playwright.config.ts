// Stories in Debian's Chromium with a made-up microphone. Each starts servers of its own on free ports.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@playwright/test";
import { SPOKEN, tone } from "./stories/tones.js";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell";

const args = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=user-gesture-required"];

/** What is spoken into the microphone. */
function spoken(): string {
  const folder = join(import.meta.dirname, "dist");
  const file = join(folder, "spoken.wav");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, tone(SPOKEN, 10));
  return file;
}

export default defineConfig({
  testDir: "stories",
  outputDir: "dist/results",
  reporter: [["list"]],
  timeout: 120_000,
  // What is to become true is waited for, however busy the machine is; a story that passes is no slower for it.
  expect: { timeout: 30_000 },
  // Those over the real program listen to each other: two at once. The others mostly wait.
  workers: 4,
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  projects: [
    // The flow editor over the real program: no sound of a browser, so nothing that a busy machine would disturb. Those of a
    // file come one after the other, so they begin first.
    {
      name: "editing",
      testMatch: /editing\w*\.spec\.ts$/,
      use: { launchOptions: { executablePath, args: [...args, `--use-file-for-fake-audio-capture=${spoken()}`] } },
    },
    { name: "pages", testIgnore: /(real\w*|main_job|editing\w*)\.spec\.ts$/ },
    { name: "program", testMatch: /(real\w*|main_job)\.spec\.ts$/, workers: 2 },
  ],
  use: {
    viewport: { width: 1280, height: 800 },
    permissions: ["microphone"],
    launchOptions: { executablePath, args },
  },
});
