// What changes by itself is said to screen readers here (WCAG 2.2, 4.1.3): one polite and one urgent region.
import { signal } from "@preact/signals";
import type { JSX } from "preact";

const polite = signal("");
const urgent = signal("");

export function announce(text: string): void {
  polite.value = text;
}

/** For an offer and for what went wrong. */
export function announceNow(text: string): void {
  urgent.value = text;
}

export function LiveRegions(): JSX.Element {
  return (
    <>
      <div class="hidden" role="status" aria-live="polite">
        {polite.value}
      </div>
      <div class="hidden" role="alert" aria-live="assertive">
        {urgent.value}
      </div>
    </>
  );
}
