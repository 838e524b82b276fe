// The bar above the desk: one's state with its time, the phone and how it sounds, the own queues at a glance.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../../api/client";
import type { Page } from "../../api/types";
import { me } from "../../live/client";
import { Icon } from "../../ui/icons";
import { Menu } from "../../ui/menu";
import { clock, since } from "../../ui/time";
import { reasonWords, stateWords } from "../../words";
import { holder } from "../../phone/one_tab";
import { phone, phoneKind, setState } from "./model";
import { ownQueues } from "./own_queues";
import { Ready } from "./ready";

interface Reason {
  name: string;
  label?: string;
}

export function StateBar({ onHelp }: { onHelp: () => void }): JSX.Element {
  const [checking, setChecking] = useState(false);
  return (
    <>
      <div class="state-bar card">
        <State onAvailable={() => setChecking(true)} />
        <PhoneLight onCheck={() => setChecking(true)} />
        <Queues />
        <button type="button" class="quiet small" onClick={onHelp}>
          <Icon name="help" /> Keys <kbd>?</kbd>
        </button>
      </div>
      {checking && <Ready onClose={() => setChecking(false)} />}
    </>
  );
}

function State({ onAvailable }: { onAvailable: () => void }): JSX.Element {
  const [reasons, setReasons] = useState<Reason[]>([]);
  useEffect(() => {
    get<Page<Reason>>("/not-ready-reasons").then(
      (page) => setReasons(page.items),
      () => setReasons([]),
    );
  }, []);
  const state = me.value?.state;
  if (state === undefined) return <span />;
  const { word, icon, tone } = stateWords(state.name);
  const reason = reasonWords(state.reason);
  return (
    <div class="row">
      <Menu
        id="state"
        class={`state ${tone}`}
        align="start"
        label={
          <>
            <Icon name={icon} />
            <strong>{word}</strong>
            {reason !== "" && <span>{reason}</span>}
            <span class="time" aria-hidden="true">
              {clock(since(state.since))}
            </span>
            <Icon name="down" />
          </>
        }
      >
        {(close) => {
          const ask = (name: string, why?: string) => () => {
            close();
            void setState(name, why);
          };
          return (
            <>
              <button
                type="button"
                onClick={() => {
                  close();
                  onAvailable();
                }}
              >
                <Icon name="check" /> Available
              </button>
              <hr />
              {reasons.map(({ name, label }) => (
                <button key={name} type="button" onClick={ask("not_ready", name)}>
                  <Icon name="pause" /> {label ?? name}
                </button>
              ))}
              {reasons.length === 0 && (
                <button type="button" onClick={ask("not_ready", "break")}>
                  <Icon name="pause" /> Not ready: break
                </button>
              )}
              <hr />
              <button type="button" onClick={ask("offline")}>
                <Icon name="cross" /> Offline
              </button>
            </>
          );
        }}
      </Menu>
      {state.next !== null && (
        <span class="chip accent">
          After this: {stateWords(state.next.name).word} {reasonWords(state.next.reason)}
        </span>
      )}
      {(state.name === "offline" || state.name === "not_ready") && (
        <button type="button" class="primary" onClick={onAvailable}>
          Go available
        </button>
      )}
    </div>
  );
}

function PhoneLight({ onCheck }: { onCheck: () => void }): JSX.Element {
  if (phoneKind.value === "desk_phone") {
    const registered = me.value?.phone.registered === true;
    return (
      <button type="button" class="quiet small" onClick={onCheck}>
        <span class={`chip ${registered ? "good" : "bad"}`}>
          <Icon name="phone" /> {registered ? "Your phone is connected" : "Your phone is not connected"}
        </span>
      </button>
    );
  }
  const state = phone.value?.state.value ?? "off";
  const quality = phone.value?.quality.value ?? null;
  const [tone, text] = light(state, quality);
  return (
    <button type="button" class="quiet small" onClick={onCheck}>
      <span class={`chip ${tone}`} id="phone-light">
        <Icon name={tone === "bad" ? "warn" : "phone"} /> {text}
      </span>
    </button>
  );
}

function light(state: string, quality: { grade: string; words: string } | null): [string, string] {
  if (state === "registered" && quality !== null) {
    return [{ good: "good", fair: "warn", poor: "bad" }[quality.grade] ?? "", quality.words];
  }
  switch (state) {
    case "registered":
      return ["good", "Phone is ready"];
    case "connecting":
      return ["warn", "Phone is connecting…"];
    case "lost":
      return ["bad", "Phone lost the server, reconnecting"];
    case "refused":
      return ["bad", "Phone was not let in"];
    default:
      return holder.value === "other" ? ["warn", "The phone is in another tab"] : ["", "Phone is off"];
  }
}

function Queues(): JSX.Element {
  return (
    <ul class="row grow queue-chips" aria-label="Your queues">
      {ownQueues.value.map((queue) => (
        <li key={queue.name} class={`chip ${queue.waiting > 0 ? "warn" : ""}`}>
          {queue.name}:{" "}
          {queue.waiting === 0 ? "nobody waits" : `${queue.waiting} waiting, longest ${clock(since(queue.oldest_since))}`}
        </li>
      ))}
    </ul>
  );
}
