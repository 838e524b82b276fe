// What the desk does, without how it looks: the phone of this tab, asking the server for states and call handling,
// joining an offer with the INVITE that carries its id. Parts of the page read these signals.
import { computed, effect, signal } from "@preact/signals";
import plainIcon from "../../icon.svg";
import ringingIcon from "../../icon-ringing.svg";
import { part, post, put, session, words, type OwnAgent } from "../../api/client";
import { me } from "../../live/client";
import { Phone, type Credentials } from "../../phone/phone";
import { holder, hold } from "../../phone/one_tab";
import { devices, microphone, releaseMicrophone, ring, stopRinging } from "../../phone/sound";
import { announce, announceNow } from "../../ui/announce";
import { load, save } from "../../ui/settings";
import { number, stateWords } from "../../words";

/** Which telephone the agent uses at this desk. */
export type PhoneKind = "browser" | "desk_phone";

export const phoneKind = signal<PhoneKind>(load<PhoneKind>("phone_kind", "browser"));

export function choosePhone(kind: PhoneKind): void {
  phoneKind.value = kind;
  save("phone_kind", kind);
  if (kind === "desk_phone") {
    phone.value?.stop();
    phone.value = null;
    releaseMicrophone();
  }
}

/** The phone of this tab, from the moment it was first asked for. */
export const phone = signal<Phone | null>(null);

/** What went wrong with the last thing that was asked for; shown until the next one. */
export const trouble = signal<string | null>(null);

export const ownAgent = computed<OwnAgent | null>(() => session.value?.user.agent ?? me.value?.agent ?? null);

/** Asks the server and shows what it said when it refuses. True when it was done. */
export async function doing(work: () => Promise<unknown>): Promise<boolean> {
  trouble.value = null;
  try {
    await work();
    return true;
  } catch (error) {
    trouble.value = words(error);
    announceNow(words(error));
    return false;
  }
}

export function setState(state: string, reason?: string): Promise<boolean> {
  const login = ownAgent.value?.login;
  if (login === undefined) return Promise.resolve(false);
  const body = reason === undefined ? { state } : { state, reason };
  return doing(() => put(`/agents/${part(login)}/state`, body));
}

function makePhone(): Phone {
  const made = new Phone({ register: true, credentials: () => post<Credentials>("/phone/credentials") });
  phone.value = made;
  return made;
}

/** Connects this browser's phone; `steal` takes it from another tab. Rejects with words for people. */
export async function connectPhone(steal = false): Promise<void> {
  if (holder.value !== "this" || steal) {
    const got = await hold(() => {
      phone.value?.stop();
      phone.value = null;
      releaseMicrophone();
    }, steal);
    if (!got) throw new Error("Another tab of this browser has the phone. Use that tab, or take the phone over here.");
  }
  await (phone.value ?? makePhone()).start();
}

/** The interaction that rings here, whether the offer or the INVITE came first. */
export const ringingHere = computed<boolean>(() => {
  const call = phone.value?.call.value;
  return call != null && !call.outgoing && call.state === "ringing";
});

/** The offer was answered here and the server has not said so yet. */
export const answering = signal(false);

export async function answer(): Promise<void> {
  if (!ringingHere.value || answering.value) return;
  answering.value = true;
  stopRinging();
  await doing(async () => phone.value?.answer(await microphone()));
  answering.value = false;
}

export function decline(): void {
  stopRinging();
  phone.value?.hangUp();
}

/** An own call: click to dial. */
export async function dial(target: string): Promise<boolean> {
  return doing(async () => {
    await connectPhone();
    phone.value?.dial(target, await microphone());
  });
}

const control = (verb: string, body: unknown = {}): Promise<boolean> => {
  const id = me.value?.call?.interaction;
  if (id === undefined) return Promise.resolve(false);
  return doing(() => post(`/calls/${part(id)}/${verb}`, body));
};

export const toggleHold = (): Promise<boolean> => control(me.value?.call?.held === true ? "resume" : "hold");

export function toggleMute(): void {
  const call = phone.value?.call.value;
  if (call == null) return;
  phone.value?.mute(!call.muted);
  announce(call.muted ? "Your microphone is on" : "Your microphone is muted");
}

export interface Target {
  agent?: string;
  queue?: string;
  extension?: string;
}

export const consult = (to: Target): Promise<boolean> => control("consult", { to });
export const transfer = (to: Target): Promise<boolean> => control("transfer", { to });
export const complete = (): Promise<boolean> => control("complete");
export const merge = (): Promise<boolean> => control("merge");
export const cancelConsult = (): Promise<boolean> => control("cancel");

export async function end(): Promise<void> {
  // This phone's BYE ends any call it has; for a desk phone the server does it.
  if (phone.value?.call.value != null) phone.value.hangUp();
  else await control("hangup");
}

/** Begins what the desk does by itself; the returned function ends it. */
export function open(): () => void {
  const stops = [
    effect(ringWithOffer),
    effect(tellStates),
    effect(() => {
      const sink = devices.value.speaker;
      void phone.value?.speaker(sink);
    }),
  ];
  addEventListener("beforeunload", warnInCall);
  if (phoneKind.value === "browser" && wasReady()) void connectPhone().catch(() => undefined);
  return () => {
    for (const end of stops) end();
    removeEventListener("beforeunload", warnInCall);
    stopRinging();
  };
}

/** After a reload the microphone was allowed already and the state is the server's: only the phone is missing. */
function wasReady(): boolean {
  return load<boolean>("phone_was_ready", false);
}

function warnInCall(event: BeforeUnloadEvent): void {
  if (phone.value?.call.value != null) event.preventDefault();
}

function ringWithOffer(): void {
  const rings = ringingHere.value && !answering.value;
  const offer = me.value?.offer;
  if (rings) ring();
  else stopRinging();
  flash(rings || offer != null);
  if (rings) notify(offer == null ? "A call for you" : `${offer.queue ?? "Call"}: ${offer.caller.name ?? number(offer.caller.number)}`);
}

function flash(on: boolean): void {
  const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  document.title = on ? "Call for you · Cordboard" : "Desk · Cordboard";
  if (icon !== null) icon.href = on ? ringingIcon : plainIcon;
}

let notice: Notification | null = null;

function notify(text: string): void {
  if (!("Notification" in window) || Notification.permission !== "granted" || !document.hidden) return;
  notice?.close();
  notice = new Notification("Call for you", { body: text, tag: "cordboard-offer" });
  notice.onclick = () => window.focus();
}

let told = "";

function tellStates(): void {
  const state = me.value?.state.name;
  if (state === undefined || state === told) return;
  if (told !== "" && state !== "offered") announce(`You are now: ${stateWords(state).word}`);
  told = state;
}
