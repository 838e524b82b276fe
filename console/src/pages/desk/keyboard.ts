// Runs the desk by keyboard alone.
import { me } from "../../live/client";
import { answer, decline, end, toggleHold, toggleMute } from "./model";
import { actionOf, isTyping, type Action } from "./shortcuts";
import { wrapUpDone } from "./wrap_up";

function focus(id: string): void {
  const element = document.getElementById(id);
  element?.scrollIntoView({ block: "nearest" });
  element?.focus();
  if (element instanceof HTMLButtonElement) element.click();
}

const DO: Record<Action, () => void> = {
  answer: () => void answer(),
  decline,
  hold: () => void toggleHold(),
  mute: toggleMute,
  transfer: () => focus("transfer-open"),
  end: () => void end(),
  wrap: () => {
    if (me.value?.wrap_up != null) void wrapUpDone();
  },
  notes: () => focus("notes"),
  state: () => focus("state"),
};

/** Listens until the returned function is called. */
export function listenForKeys(help: () => void): () => void {
  const listener = (event: KeyboardEvent): void => {
    const action = actionOf(event);
    if (action !== null) {
      event.preventDefault();
      DO[action]();
    } else if (event.key === "?" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      help();
    }
  };
  document.addEventListener("keydown", listener);
  return () => document.removeEventListener("keydown", listener);
}
