// Agents who ask for a supervisor: a sign that cannot be overlooked, with a soft sound that can be switched off.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ask, part, session, words } from "../../api/client";
import type { CallLive } from "../../api/types";
import { agents, calls } from "../../live/client";
import { chime, context } from "../../phone/sound";
import { announceNow } from "../../ui/announce";
import { Icon } from "../../ui/icons";
import { load, save } from "../../ui/settings";
import { clock, since } from "../../ui/time";
import { MODES, monitor } from "./monitor";
import { Refusal } from "../../ui/refusal";

/** Between two sounds while somebody waits, in milliseconds. */
const AGAIN = 6000;

const nameOf = (login: string | null): string => agents.value?.find((one) => one.login === login)?.name ?? login ?? "An agent";

export function HelpRequests({ tv }: { tv: boolean }): JSX.Element | null {
  const open = (calls.value ?? [])
    .filter((call) => call.help_since != null)
    .sort((a, b) => (a.help_since ?? "").localeCompare(b.help_since ?? ""));
  const [muted, setMuted] = useState(load<boolean>("help_muted", false));
  const ids = open.map((call) => call.interaction).join(" ");
  useEffect(() => {
    if (ids === "") return;
    const title = document.title;
    document.title = "Help wanted · Floor · Cordboard";
    return () => void (document.title = title);
  }, [ids === ""]);
  useEffect(() => {
    if (ids !== "") announceNow(open.map((call) => `${nameOf(call.agent)} asks for help`).join(". "));
  }, [ids]);
  useEffect(() => {
    if (ids === "" || muted) return;
    chime();
    const timer = setInterval(chime, AGAIN);
    return () => clearInterval(timer);
  }, [ids, muted]);
  useEffect(allowSound, []);
  if (open.length === 0) return null;
  const mute = (): void => {
    setMuted(!muted);
    save("help_muted", !muted);
  };
  return (
    <section class="card help-wanted stack tight" aria-label="Help wanted">
      <header class="row between">
        <h2>
          <Icon name="warn" /> Help wanted
        </h2>
        {!tv && (
          <button type="button" class="small quiet" aria-pressed={muted} onClick={mute}>
            {muted ? "Sound is off" : "Mute the sound"}
          </button>
        )}
      </header>
      <ul class="requests">
        {open.map((call) => (
          <Request key={call.interaction} call={call} tv={tv} />
        ))}
      </ul>
    </section>
  );
}

function Request({ call, tv }: { call: CallLive; tv: boolean }): JSX.Element {
  const [problem, setProblem] = useState<string | null>(null);
  const name = nameOf(call.agent);
  const fail = (error: unknown): void => setProblem(words(error));
  return (
    <li class="row between">
      <p>
        <strong>{name}</strong> asks for help <span class="time soft">{clock(since(call.help_since ?? null))}</span>
        {call.queue !== null && <span class="soft"> · {call.queue}</span>}
      </p>
      {!tv && session.value?.user.role !== "readonly" && (
        <div class="row">
          {MODES.map(({ mode, word, icon, means }) => (
            <button
              key={mode}
              type="button"
              class={`small ${mode === "listen" ? "primary" : ""}`}
              title={means}
              aria-label={`${word}: ${name}`}
              onClick={() => void monitor(call.interaction, name, mode).catch(fail)}
            >
              <Icon name={icon} /> {word}
            </button>
          ))}
          <button
            type="button"
            class="small"
            aria-label={`Dismiss the request of ${name}`}
            onClick={() => void ask("DELETE", `/calls/${part(call.interaction)}/help`).catch(fail)}
          >
            Dismiss
          </button>
        </div>
      )}
      <Refusal words={problem} />
    </li>
  );
}

/** Browsers let a page make sound only after somebody touched it: the first touch of any kind will do. */
function allowSound(): () => void {
  const touched = (): void => void context().resume();
  addEventListener("pointerdown", touched, { once: true });
  addEventListener("keydown", touched, { once: true });
  return () => {
    removeEventListener("pointerdown", touched);
    removeEventListener("keydown", touched);
  };
}
