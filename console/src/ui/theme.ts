// Light or dark: what the person chose on this machine, else what the system says.
import { effect, signal } from "@preact/signals";
import { load, save } from "./settings";

export type Theme = "system" | "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(dark.matches);
dark.addEventListener("change", (event) => {
  systemIsDark.value = event.matches;
});

export const theme = signal<Theme>(load<Theme>("theme", "system"));

effect(() => {
  const chosen = theme.value;
  const isDark = chosen === "dark" || (chosen === "system" && systemIsDark.value);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  save("theme", chosen);
});
