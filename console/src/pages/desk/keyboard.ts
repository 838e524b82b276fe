// Runs the desk by keyboard alone.
import { me } from "../../live/client";
import { answer, decline, end, ringingHere, toggleHelp, toggleHold, toggleMute } from "./model";
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
  help: () => void toggleHelp(),
  end: () => void end(),
  wrap: () => {
    if (me.value?.wrap_up != null) void wrapUpDone();
  },
  notes: () => focus("notes"),
  state: () => focus("state"),
};

/** What has a use for Enter itself. */
const USES_ENTER = "a, button, input, textarea, select, summary, audio, video, [contenteditable]";

/** Enter where nothing has a use for it: whoever sees Answer may press it, before the focus has come and after a click beside. */
function answersByEnter(event: KeyboardEvent): boolean {
  const plain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.repeat;
  const nowhere = document.activeElement?.matches(USES_ENTER) !== true;
  return event.key === "Enter" && plain && nowhere && ringingHere.value && document.querySelector("dialog[open]") === null;
}

/** Listens until the returned function is called. */
export function listenForKeys(help: () => void): () => void {
  const listener = (event: KeyboardEvent): void => {
    const action = actionOf(event);
    if (action !== null) {
      event.preventDefault();
      DO[action]();
    } else if (answersByEnter(event)) {
      event.preventDefault();
      void answer();
    } else if (event.key === "?" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      help();
    }
  };
  document.addEventListener("keydown", listener);
  return () => document.removeEventListener("keydown", listener);
}
