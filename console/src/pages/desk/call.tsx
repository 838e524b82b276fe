// The call of the moment: the offer with who calls and why, then the call with what can be done to it.
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { HandedOn, LiveCall, Offer } from "../../api/types";
import { me } from "../../live/client";
import { Ear } from "../../phone/ear";
import { announceNow } from "../../ui/announce";
import { Icon } from "../../ui/icons";
import { clock, now, since, spoken } from "../../ui/time";
import { number } from "../../words";
import {
  HELP_WORDS,
  answer,
  answering,
  comesBack,
  decline,
  dial,
  end,
  ownAgent,
  phone,
  phoneKind,
  ringingHere,
  toggleHelp,
  toggleHold,
  toggleMute,
} from "./model";
import { isTyping, shown } from "./shortcuts";
import { TransferBox } from "./transfer";

export function CallPane(): JSX.Element {
  const state = me.value;
  // The next caller may ring before the server's word that the last one is gone.
  const aboutIt = phone.value?.call.value?.interaction === state?.call?.interaction;
  if (state?.call != null && aboutIt && ringingHere.value && !answering.value && !comesBack.value) return <Asked call={state.call} />;
  if (state?.call != null) return <Talk call={state.call} />;
  if (state?.offer != null) return <OfferCard offer={state.offer} />;
  const own = phone.value?.call.value ?? null;
  if (own !== null) return <OwnCall />;
  return <Idle />;
}

function Idle(): JSX.Element {
  const [target, setTarget] = useState("");
  const available = me.value?.state.name === "available";
  const call = (event: Event): void => {
    event.preventDefault();
    const typed = target.trim();
    if (typed !== "") void dial(typed.replaceAll(/[\s()-]/g, "")).then((done) => done && setTarget(""));
  };
  return (
    <div class="card stack">
      <h2>Call</h2>
      <p class="empty">
        {available ? "You are available. The next call rings here." : "No call. You get calls while you are available."}
      </p>
      {phoneKind.value === "browser" && (
        <form class="row" onSubmit={call}>
          <label class="grow">
            Call a colleague or a number
            <input
              value={target}
              inputMode="tel"
              autoComplete="off"
              onInput={(event) => setTarget(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="bottom" disabled={target.trim() === ""}>
            <Icon name="phone" /> Call
          </button>
        </form>
      )}
      {phone.value?.trouble.value != null && <p class="notice warn">{phone.value.trouble.value}</p>}
    </div>
  );
}

export function Why({ why }: { why: string[] }): JSX.Element | null {
  if (why.length === 0) return null;
  return (
    <div class="why">
      <h3 class="small soft">Why they call</h3>
      <ol>
        {why.map((step, index) => (
          <li key={index}>{step}</li>
        ))}
      </ol>
    </div>
  );
}

/** What the one who had the caller before wrote; nobody needs to be shown their own words. */
function Handed({ handed }: { handed: HandedOn | null | undefined }): JSX.Element | null {
  if (handed == null || handed.by === ownAgent.value?.login) return null;
  return (
    <div class="why handed">
      <h3 class="small soft">Note from {handed.by ?? "a supervisor"}</h3>
      <p class="words">{handed.notes}</p>
    </div>
  );
}

function HelpRequest({ call }: { call: LiveCall }): JSX.Element {
  const help = call.help ?? null;
  const asked = help?.state === "asked";
  return (
    <div class="row">
      <button type="button" id="help-request" aria-pressed={asked} title={shown("help")} onClick={() => void toggleHelp()}>
        <Icon name="people" /> {asked ? "Take the request back" : "Help"}
      </button>
      {help !== null && (
        <span class={`small ${asked ? "time" : ""}`}>
          {HELP_WORDS[help.state] ?? ""} {asked && clock(since(help.since))}
        </span>
      )}
    </div>
  );
}

function OfferCard({ offer }: { offer: Offer }): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  const here = ringingHere.value;
  const name = offer.caller.name ?? number(offer.caller.number);
  useEffect(() => {
    announceNow(`Call for you from ${name}, queue ${offer.queue ?? "none"}, waited ${spoken(offer.waited)}. ${offer.why.join(", ")}`);
  }, [offer.interaction]);
  const ready = here && !answering.value;
  // With the button itself, not after it is painted: whoever sees it may press Enter.
  useLayoutEffect(() => {
    if (ready && !isTyping(document.activeElement)) button.current?.focus();
  }, [ready, offer.interaction]);
  const left = Math.max(0, offer.ring_timeout - since(offer.offered_at, now.value));
  return (
    <article class="card offer stack" aria-label={`Offer: ${name}`}>
      <header class="row between">
        <span class="chip accent">
          <Icon name="phone" /> {offer.queue ?? "Call"}
        </span>
        <span class="time soft small">rings {clock(left)} more</span>
      </header>
      <div>
        <p class="who">{name}</p>
        {offer.caller.name !== null && <p class="soft n">{number(offer.caller.number)}</p>}
      </div>
      <p>
        Waited <strong>{spoken(offer.waited)}</strong>
      </p>
      <Why why={offer.why} />
      <Handed handed={offer.handed} />
      {phoneKind.value === "desk_phone" ? (
        <p class="notice">Answer on your desk phone.</p>
      ) : (
        <>
          <div class="row">
            <button
              ref={button}
              type="button"
              class="good big grow"
              disabled={!ready}
              onClick={() => void answer()}
            >
              <Icon name="phone" /> {answering.value ? "Answering…" : "Answer"}
            </button>
            <button type="button" class="big" disabled={!here} onClick={decline}>
              Decline
            </button>
          </div>
          <p class="soft small">
            <kbd>Enter</kbd> or <kbd>{shown("answer")}</kbd> answers
          </p>
          {!here && !answering.value && phone.value?.call.value === null && (
            <p class="soft small">Your phone has not heard of it yet…</p>
          )}
        </>
      )}
    </article>
  );
}

/** A colleague's call that this phone is rung for: somebody asks, or hands it over. */
function Asked({ call }: { call: LiveCall }): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  const name = call.customer?.name ?? call.caller.name ?? number(call.caller.number);
  useEffect(() => {
    announceNow(`A colleague calls you about ${name}, queue ${call.queue}. ${call.why.join(", ")}`);
  }, [call.interaction]);
  useLayoutEffect(() => {
    if (!isTyping(document.activeElement)) button.current?.focus();
  }, [call.interaction]);
  return (
    <article class="card offer stack" aria-label={`A colleague asks: ${name}`}>
      <header class="row between">
        <span class="chip accent">
          <Icon name="people" /> A colleague asks
        </span>
        <span class="soft small">{call.queue}</span>
      </header>
      <p class="who">{name}</p>
      <Why why={call.why} />
      <Handed handed={call.handed} />
      <div class="row">
        <button ref={button} type="button" class="good big grow" onClick={() => void answer()}>
          <Icon name="phone" /> Answer
        </button>
        <button type="button" class="big" onClick={decline}>
          Decline
        </button>
      </div>
      <p class="soft small">
        <kbd>Enter</kbd> or <kbd>{shown("answer")}</kbd> answers
      </p>
    </article>
  );
}

/** After a reload: where the caller is, and what is needed to have them back. */
function Back({ call }: { call: LiveCall }): JSX.Element | null {
  const silenced = phone.value?.silenced.value === true;
  if (comesBack.value && !answering.value) {
    return (
      <button type="button" class="good big" onClick={() => void answer()}>
        <Icon name="phone" /> Take the caller back
      </button>
    );
  }
  if (call.reconnecting === true) {
    return (
      <p class="notice warn" role="status">
        Your phone is being connected again. The caller was asked for a moment and hears music.
      </p>
    );
  }
  if (!silenced) return null;
  return (
    <p class="notice warn" role="status">
      The browser keeps this page silent after a reload. Click anywhere to hear the caller.
    </p>
  );
}

function Talk({ call }: { call: LiveCall }): JSX.Element {
  const own = phone.value?.call.value ?? null;
  const muted = own?.muted === true;
  const [keypad, setKeypad] = useState(false);
  const name = call.customer?.name ?? call.caller.name ?? number(call.caller.number);
  // Whoever is asked about a call does nothing to it: it is the colleague's.
  const asked = call.consult !== null && call.consult.agent === ownAgent.value?.login;
  return (
    <article class="card stack call" aria-label={`Call with ${name}`}>
      <header class="row between">
        <span class="chip accent">{call.queue}</span>
        <span class={`chip ${call.recording ? "bad" : ""}`}>
          <Icon name="record" /> {call.recording ? "Recording" : "Not recording"}
        </span>
      </header>
      <div>
        <p class="who">{name}</p>
        <p class="soft n">{number(call.caller.number)}</p>
      </div>
      <p class="timer time" aria-label="Time of this call">
        {clock(since(call.since))}
        {call.held && <span class="chip warn">On hold</span>}
        {call.reconnecting === true && <span class="chip warn">Reconnecting</span>}
        {muted && <span class="chip bad">You are muted</span>}
      </p>
      <Back call={call} />
      <Ear stream={phone.value?.remote.value ?? null} name="What you hear" />
      <Why why={call.why} />
      <Handed handed={call.handed} />
      <div class="controls">
        {own !== null && (
          <button type="button" aria-pressed={muted} onClick={toggleMute} title={shown("mute")}>
            <Icon name={muted ? "micoff" : "mic"} /> Mute
          </button>
        )}
        {!asked && (
          <button type="button" aria-pressed={call.held} onClick={() => void toggleHold()} title={shown("hold")}>
            <Icon name={call.held ? "play" : "pause"} /> {call.held ? "Resume" : "Hold"}
          </button>
        )}
        {own !== null && (
          <button type="button" aria-pressed={keypad} onClick={() => setKeypad(!keypad)}>
            <Icon name="keypad" /> Keypad
          </button>
        )}
      </div>
      {keypad && <Keypad onKey={(key) => phone.value?.press(key)} />}
      {!asked && <HelpRequest call={call} />}
      {asked ? <AskedWords three={call.consult?.state === "merged"} /> : <TransferBox call={call} />}
      <button type="button" class="bad big" onClick={() => void end()} title={shown("end")}>
        <Icon name="hangup" /> End call
      </button>
    </article>
  );
}

function AskedWords({ three }: { three: boolean }): JSX.Element {
  return (
    <p class="soft small">
      {three ? "A colleague, the customer and you hear each other." : "A colleague asks you. The customer hears music."}
    </p>
  );
}

/** A call that is no interaction: a colleague, the echo test. */
function OwnCall(): JSX.Element {
  const call = phone.value?.call.value;
  const [keypad, setKeypad] = useState(false);
  const words = { ringing: call?.outgoing === true ? "Ringing…" : "Rings here", connecting: "Connecting…", talking: "Connected" };
  const incoming = call?.state === "ringing" && !call.outgoing;
  return (
    <article class="card stack call" aria-label="Own call">
      <h2>Own call</h2>
      <p class="who" role="status">
        {call == null ? "" : words[call.state]}
      </p>
      {incoming ? (
        <div class="row">
          <button type="button" class="good big grow" onClick={() => void answer()}>
            <Icon name="phone" /> Answer
          </button>
          <button type="button" class="big" onClick={decline}>
            Decline
          </button>
        </div>
      ) : (
        <>
          <div class="controls">
            <button type="button" aria-pressed={call?.muted === true} onClick={toggleMute}>
              <Icon name={call?.muted === true ? "micoff" : "mic"} /> Mute
            </button>
            <button type="button" aria-pressed={keypad} onClick={() => setKeypad(!keypad)}>
              <Icon name="keypad" /> Keypad
            </button>
          </div>
          {keypad && <Keypad onKey={(key) => phone.value?.press(key)} />}
          <button type="button" class="bad big" onClick={() => void end()}>
            <Icon name="hangup" /> End call
          </button>
        </>
      )}
    </article>
  );
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const NAMES: Record<string, string> = { "*": "star", "#": "hash" };

export function Keypad({ onKey, disabled = false }: { onKey: (key: string) => void; disabled?: boolean }): JSX.Element {
  return (
    <div class="keypad" role="group" aria-label="Keypad">
      {KEYS.map((key) => (
        <button key={key} type="button" disabled={disabled} aria-label={NAMES[key] ?? key} onClick={() => onKey(key)}>
          {key}
        </button>
      ))}
    </div>
  );
}
