// One tab of a browser holds the phone (Web Locks); others say so and can take it over.
import { signal } from "@preact/signals";

export type Holder = "this" | "other" | "nobody";

export const holder = signal<Holder>("nobody");

const NAME = "cordboard-phone";

/** Takes the phone for this tab if no other has it; with `steal`, in any case. `lost` is called when another takes it. */
export function hold(lost: () => void, steal = false): Promise<boolean> {
  if (navigator.locks === undefined) {
    holder.value = "this";
    return Promise.resolve(true);
  }
  return new Promise((resolve) => {
    const options: LockOptions = steal ? { steal: true } : { ifAvailable: true };
    const held = navigator.locks.request(NAME, options, (lock) => {
      holder.value = lock === null ? "other" : "this";
      resolve(lock !== null);
      // Held until the tab closes or another takes it.
      return lock === null ? undefined : new Promise<void>(() => undefined);
    });
    held.catch(() => {
      holder.value = "other";
      lost();
    });
  });
}
