// The few pictures of the console, drawn as strokes so that they take the colour of their text. They are never alone:
// a word stands beside each, or is the button's name.
import type { JSX } from "preact";

const PATHS = {
  phone: "M5 3h4l2 5-2.5 1.5a11 11 0 0 0 6 6L16 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 5a2 2 0 0 1 2-2z",
  hangup: "M3 14c5-5 13-5 18 0l-2.5 3-4-1.5v-3a12 12 0 0 0-5 0v3l-4 1.5z",
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5 11a7 7 0 0 0 14 0M12 18v3",
  micoff: "M9 9v2a3 3 0 0 0 5 2M15 10V6a3 3 0 0 0-5.8-1M5 11a7 7 0 0 0 11 5.7M12 18v3M4 3l16 18",
  pause: "M8 5v14M16 5v14",
  play: "M7 4l13 8-13 8z",
  keypad: "M5 5h.01M12 5h.01M19 5h.01M5 12h.01M12 12h.01M19 12h.01M12 19h.01",
  transfer: "M4 8h13l-3-4M20 16H7l3 4",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20a7 7 0 0 1 14 0M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14a7 7 0 0 1 4 6",
  check: "M4 12l6 6L20 6",
  cross: "M5 5l14 14M19 5L5 19",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 3",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.5 9a2.5 2.5 0 1 1 3.5 2.5c-.7.4-1 .9-1 1.7M12 17h.01",
  ear: "M7 9a5 5 0 0 1 10 0c0 4-4 4-4 8a3 3 0 0 1-5 2M10 9a2 2 0 0 1 4 0c0 1.5-2 2-2 3.5",
  whisper: "M4 5h16v11H9l-5 4z",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  warn: "M12 3l10 18H2zM12 10v5M12 18h.01",
  record: "M12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10z",
  down: "M6 9l6 6 6-6",
  plus: "M12 5v14M5 12h14",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
