// Keys of the desk: Alt+Shift and a letter, each of them changeable or off (WCAG 2.2, 2.1.4).
import { signal } from "@preact/signals";
import { load, save } from "../../ui/settings";

export const ACTIONS = {
  answer: { word: "Answer", key: "A" },
  decline: { word: "Decline", key: "D" },
  hold: { word: "Hold or resume", key: "H" },
  mute: { word: "Mute or unmute", key: "M" },
  transfer: { word: "Transfer or consult", key: "T" },
  help: { word: "Ask a supervisor for help", key: "G" },
  end: { word: "End the call", key: "E" },
  wrap: { word: "Wrap-up done", key: "W" },
  notes: { word: "Go to the notes", key: "N" },
  state: { word: "Change your state", key: "S" },
} as const;

export type Action = keyof typeof ACTIONS;

/** The letter of each action; the empty text is none. */
export const keys = signal<Record<Action, string>>({
  ...(Object.fromEntries(Object.entries(ACTIONS).map(([name, { key }]) => [name, key])) as Record<Action, string>),
  ...load<Partial<Record<Action, string>>>("shortcuts", {}),
});

/** Gives an action a letter; whichever action had it before has none. */
export function remap(action: Action, letter: string): void {
  const next = { ...keys.value };
  for (const other of Object.keys(next) as Action[]) {
    if (letter !== "" && next[other] === letter) next[other] = "";
  }
  next[action] = letter;
  keys.value = next;
  save("shortcuts", next);
}

/** The action of a key press, if any. The code is looked at too: with Alt, some systems type another letter. */
export function actionOf(event: Pick<KeyboardEvent, "altKey" | "shiftKey" | "ctrlKey" | "metaKey" | "key" | "code">): Action | null {
  if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey) return null;
  const letter = event.code.startsWith("Key") ? event.code.slice(3) : event.key.toUpperCase();
  const found = (Object.entries(keys.value) as [Action, string][]).find(([, key]) => key !== "" && key === letter);
  return found?.[0] ?? null;
}

/** Whether somebody is typing there. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button"].includes(target.type);
}

/** "Alt+Shift+A", as it is shown. */
export function shown(action: Action): string {
  const letter = keys.value[action];
  return letter === "" ? "no key" : `Alt+Shift+${letter}`;
}
