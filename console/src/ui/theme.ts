// Light or dark: what the person chose on this machine, else what the system says.
import { computed, effect, signal } from "@preact/signals";
import { load, save } from "./settings";

export type Theme = "system" | "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(dark.matches);
dark.addEventListener("change", (event) => {
  systemIsDark.value = event.matches;
});

export const theme = signal<Theme>(load<Theme>("theme", "system"));

export const isDark = computed(() => theme.value === "dark" || (theme.value === "system" && systemIsDark.value));

effect(() => {
  document.documentElement.dataset.theme = isDark.value ? "dark" : "light";
  save("theme", theme.value);
});
