// What the desk does, without how it looks: the phone of this tab, asking the server for states and call handling,
// joining an offer with the INVITE that carries its id. Parts of the page read these signals.
import { computed, effect, signal, untracked } from "@preact/signals";
import plainIcon from "../../icon.svg";
import ringingIcon from "../../icon-ringing.svg";
import { ask, part, post, put, session, words, type OwnAgent } from "../../api/client";
import { me, reopen } from "../../live/client";
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
  const credentials = (): Promise<Credentials> => post<Credentials>("/phone/credentials");
  const made = new Phone({ register: true, credentials, onPathLost: reopen });
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

/** The caller of a talk that this page had before it was loaded again, or lost its phone. */
export const comesBack = computed<boolean>(() => ringingHere.value && phone.value?.call.value?.purpose === "reconnect");

/** The call that was answered here and waits for the microphone. */
const answered = signal<number | null>(null);

/** The call that is here was answered and the server has not said so yet. */
export const answering = computed<boolean>(() => answered.value !== null && answered.value === phone.value?.call.value?.id);

export async function answer(): Promise<void> {
  const id = phone.value?.call.value?.id;
  if (id === undefined || !ringingHere.value || answering.value) return;
  answered.value = id;
  stopRinging();
  // While somebody is asked for the microphone the caller may leave and another may ring: that one is not answered by it.
  await doing(async () => phone.value?.answer(id, await microphone()));
  if (answered.value === id) answered.value = null;
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

/** Notes that are nothing but space are not sent. */
const handing = (to: Target, notes: string): unknown => (notes.trim() === "" ? { to } : { to, notes: notes.trim() });

export const consult = (to: Target, notes: string): Promise<boolean> => control("consult", handing(to, notes));
export const transfer = (to: Target, notes: string): Promise<boolean> => control("transfer", handing(to, notes));
export const complete = (): Promise<boolean> => control("complete");
export const merge = (): Promise<boolean> => control("merge");
export const cancelConsult = (): Promise<boolean> => control("cancel");

/** Asks for a supervisor, or takes the request back. */
export async function toggleHelp(): Promise<void> {
  const call = me.value?.call;
  if (call == null) return;
  const path = `/calls/${part(call.interaction)}/help`;
  if (call.help?.state === "asked") await doing(() => ask("DELETE", path));
  else await doing(() => post(path));
}

export async function end(): Promise<void> {
  // This phone's BYE ends any call it has; for a desk phone the server does it.
  if (phone.value?.call.value != null) phone.value.hangUp();
  else await control("hangup");
}

/** Begins what the desk does by itself; the returned function ends it. */
export function open(): () => void {
  const stops = [
    effect(ringWithOffer),
    effect(() => {
      // The server kept the caller for this page.
      if (comesBack.value) untracked(() => void answer());
    }),
    effect(tellStates),
    effect(tellHelp),
    effect(() => {
      const sink = devices.value.speaker;
      void phone.value?.speaker(sink);
    }),
  ];
  addEventListener("beforeunload", warnInCall);
  if (phoneKind.value === "browser" && wasReady()) {
    void connectPhone()
      .then(microphoneAhead)
      .catch(() => undefined);
  }
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

/** Opens the microphone before the first call needs it, where nobody has to be asked. */
async function microphoneAhead(): Promise<void> {
  const { state } = await navigator.permissions.query({ name: "microphone" });
  if (state === "granted") await microphone();
}

function warnInCall(event: BeforeUnloadEvent): void {
  if (phone.value?.call.value != null) event.preventDefault();
}

function ringWithOffer(): void {
  const rings = ringingHere.value && !answering.value && !comesBack.value;
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

/** What became of the request for a supervisor, in words for whoever asked. */
export const HELP_WORDS: Record<string, string> = {
  asked: "Supervisors see that you ask for help.",
  taken: "A supervisor is with you.",
  dismissed: "Supervisors have seen it; nobody can come at the moment.",
};

let help = "";

function tellHelp(): void {
  const state = me.value?.call?.help?.state ?? "";
  if (state !== help && state !== "") announce(HELP_WORDS[state] ?? "");
  help = state;
}

let told = "";

function tellStates(): void {
  const state = me.value?.state.name;
  if (state === undefined || state === told) return;
  if (told !== "" && state !== "offered") announce(`You are now: ${stateWords(state).word}`);
  told = state;
}
