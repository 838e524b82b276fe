// Listening in, and what grows out of it: the supervisor's own telephone in this page, called by the server, answered
// by itself. Each of it is written into the audit by the server.
import { effect, signal } from "@preact/signals";
import type { JSX } from "preact";
import { part, post } from "../../api/client";
import { Ear } from "../../phone/ear";
import { Phone, type Credentials } from "../../phone/phone";
import { context, microphone, releaseMicrophone } from "../../phone/sound";
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
}

/** The server calls this page only because it was asked to. */
function answerByItself(phone: Phone, stream: MediaStream): void {
  let talked = false;
  effect(() => {
    const call = phone.call.value;
    if (call?.state === "ringing" && !call.outgoing) phone.answer(stream);
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
  const shown = MODES.find((one) => one.mode === about.mode);
  const change = (mode: Mode) => (): void => void monitor(about.interaction, about.agent, mode).catch(() => undefined);
  return (
    <section class="card monitor" aria-label="Listening in">
      <div class="grow">
        <p>
          <strong>
            {shown?.word}: {about.agent}
          </strong>
        </p>
        <p class="soft small">{shown?.means}</p>
        <Ear stream={monitorPhone.value?.remote.value ?? null} name="What you hear" />
      </div>
      <div class="row">
        {MODES.map(({ mode, word, icon }) => (
          <button key={mode} type="button" class="small" aria-pressed={mode === about.mode} onClick={change(mode)}>
            <Icon name={icon} /> {word}
          </button>
        ))}
        <button type="button" class="small bad" onClick={stopMonitor}>
          <Icon name="hangup" /> Leave
        </button>
      </div>
    </section>
  );
}
