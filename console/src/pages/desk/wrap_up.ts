// What the wrap-up asks the server for, and what was chosen so far.
import { signal } from "@preact/signals";
import { part, post, put } from "../../api/client";
import { me } from "../../live/client";
import { doing } from "./model";

/** The code chosen for an interaction of this tab. */
export const chosen = signal<{ interaction: string; code: string } | null>(null);
/** Whether the queue wants a code before Done. */
export const required = signal(false);

const path = (verb: string): string => `/interactions/${part(me.value?.wrap_up?.interaction ?? "")}/wrap-up${verb}`;

export function chooseCode(interaction: string, code: string, tags: string[] = []): Promise<boolean> {
  return doing(() => put(`/interactions/${part(interaction)}/wrap-up`, { code, tags })).then((done) => {
    if (done) chosen.value = { interaction, code };
    return done;
  });
}

export const extend = (): Promise<boolean> => doing(() => post(path("/extend")));

export function mayFinish(): boolean {
  return !required.value || chosen.value?.interaction === me.value?.wrap_up?.interaction;
}

export async function wrapUpDone(): Promise<void> {
  if (!mayFinish()) {
    document.getElementById("wrap-code")?.focus();
    return;
  }
  await doing(() => post(path("/done")));
}
