// Listening in, and what grows out of it: the supervisor's own telephone in this page, called by the server, answered
// by itself. Each of it is written into the audit by the server.
import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { part, post, words } from "../../api/client";
import { Ear } from "../../phone/ear";
import { Phone, type Credentials } from "../../phone/phone";
import { context, microphone, releaseMicrophone } from "../../phone/sound";
import { announceNow } from "../../ui/announce";
import { Icon, type IconName } from "../../ui/icons";

export type Mode = "listen" | "whisper" | "barge" | "take_over";

export const MODES: { mode: Mode; word: string; icon: IconName; means: string }[] = [
  { mode: "listen", word: "Listen", icon: "ear", means: "You hear both; nobody hears you. It is written into the audit." },
  { mode: "whisper", word: "Whisper", icon: "whisper", means: "Only the agent hears you. It is written into the audit." },
  { mode: "barge", word: "Barge in", icon: "people", means: "Everybody hears you. It is written into the audit." },
  { mode: "take_over", word: "Take over", icon: "phone", means: "The call becomes yours and the agent leaves it. It is written into the audit." },
];

interface Monitored {
  interaction: string;
  agent: string;
  mode: Mode;
}

export const monitored = signal<Monitored | null>(null);
export const monitorPhone = signal<Phone | null>(null);
/** The customer of a call that was taken over hears music. */
const held = signal(false);
/** Why the last press changed nothing, for people. */
const trouble = signal<string | null>(null);

/** Joins the call of `agent`, or changes how. Rejects with words for people. */
export async function monitor(interaction: string, agent: string, mode: Mode): Promise<void> {
  await context().resume();
  // Opened for listening too: a later change of the mode must not wait for the browser's question.
  const stream = await microphone();
  let phone = monitorPhone.value;
  if (phone === null) {
    phone = new Phone({ register: true, credentials: () => post<Credentials>("/phone/credentials") });
    monitorPhone.value = phone;
    answerByItself(phone, stream);
  }
  await phone.start();
  await post(`/calls/${part(interaction)}/monitor`, { mode });
  monitored.value = { interaction, agent, mode };
  held.value = false;
  trouble.value = null;
}

/** What a press asks for; a refusal is told in words. */
function run(work: () => Promise<unknown>): () => void {
  return () =>
    void work().then(
      () => (trouble.value = null),
      (error: unknown) => {
        trouble.value = words(error);
        announceNow(words(error));
      },
    );
}

/** The server calls this page only because it was asked to. */
function answerByItself(phone: Phone, stream: MediaStream): void {
  let talked = false;
  effect(() => {
    const call = phone.call.value;
    if (call?.state === "ringing" && !call.outgoing) phone.answer(call.id, stream);
    if (call?.state === "talking") talked = true;
    if (call === null && talked && monitorPhone.peek() === phone) {
      talked = false;
      monitored.value = null;
      releaseMicrophone();
    }
  });
}

export function stopMonitor(): void {
  monitorPhone.value?.hangUp();
  monitorPhone.value?.stop();
  monitorPhone.value = null;
  monitored.value = null;
  releaseMicrophone();
}

export function Monitor(): JSX.Element | null {
  const about = monitored.value;
  if (about === null) return null;
  const taken = about.mode === "take_over";
  const shown = MODES.find((one) => one.mode === about.mode);
  return (
    <section class="card monitor" aria-label={taken ? "Your call" : "Listening in"}>
      <div class="grow">
        <p>
          <strong>
            {taken ? "You have the call of" : `${shown?.word ?? ""}:`} {about.agent}
          </strong>
        </p>
        <p class="soft small">{taken ? "You talk with the customer; the agent has left the call." : shown?.means}</p>
        {trouble.value !== null && <p class="notice bad">{trouble.value}</p>}
        <Ear stream={monitorPhone.value?.remote.value ?? null} name="What you hear" />
      </div>
      {taken ? <Own about={about} /> : <Modes about={about} />}
    </section>
  );
}

function Modes({ about }: { about: Monitored }): JSX.Element {
  return (
    <div class="row">
      {MODES.map(({ mode, word, icon }) => (
        <button
          key={mode}
          type="button"
          class="small"
          aria-pressed={mode === about.mode}
          onClick={run(() => monitor(about.interaction, about.agent, mode))}
        >
          <Icon name={icon} /> {word}
        </button>
      ))}
      {about.mode !== "listen" && <Mute />}
      <button type="button" class="small bad" onClick={stopMonitor}>
        <Icon name="hangup" /> Leave
      </button>
    </div>
  );
}

/** A call that was taken over is the supervisor's own: there is no agent any more to whisper to. */
function Own({ about }: { about: Monitored }): JSX.Element {
  const hold = async (): Promise<void> => {
    await post(`/calls/${part(about.interaction)}/${held.value ? "resume" : "hold"}`, {});
    held.value = !held.value;
  };
  return (
    <div class="row">
      <Mute />
      <button type="button" class="small" aria-pressed={held.value} onClick={run(hold)}>
        <Icon name={held.value ? "play" : "pause"} /> {held.value ? "Resume" : "Hold"}
      </button>
      <button type="button" class="small bad" onClick={stopMonitor}>
        <Icon name="hangup" /> Hang up
      </button>
    </div>
  );
}

function Mute(): JSX.Element {
  const phone = monitorPhone.value;
  const muted = phone?.call.value?.muted === true;
  return (
    <button type="button" class="small" aria-pressed={muted} onClick={() => phone?.mute(!muted)}>
      <Icon name={muted ? "micoff" : "mic"} /> Mute
    </button>
  );
}
