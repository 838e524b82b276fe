// The demo customer's telephone: call, use the keypad, speak or let the scripted caller speak, and hear the call again.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import "../../style/caller.css";
import "../../style/calls.css";
import { get, part, post, Problem, session, words } from "../../api/client";
import type { InteractionRecord, InteractionSummary, Page } from "../../api/types";
import { Ear } from "../../phone/ear";
import { Phone, type Credentials } from "../../phone/phone";
import { ScriptedCaller } from "../../phone/script";
import { context, microphone, releaseMicrophone } from "../../phone/sound";
import { Brand } from "../../shell";
import { announce } from "../../ui/announce";
import { Icon } from "../../ui/icons";
import { load, save } from "../../ui/settings";
import { clock, now } from "../../ui/time";
import { Player } from "../calls/player";
import { TimelineCard } from "../calls/timeline";
import { Keypad } from "../desk/call";
import { Refusal } from "../../ui/refusal";

/** The demo's number. */
const NUMBER = "9000";

export default function Caller(): JSX.Element {
  const phone = useRef<Phone | null>(null);
  const script = useRef<ScriptedCaller | null>(null);
  const [scripted, setScripted] = useState(load("scripted", true));
  const [began, setBegan] = useState<number | null>(null);
  const [pressed, setPressed] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [last, setLast] = useState<{ interaction: string | null } | null>(null);
  const interaction = useRef<string | null>(null);

  useEffect(() => () => phone.current?.stop(), []);

  const current = phone.current?.call.value ?? null;
  const remote = phone.current?.remote.value ?? null;
  useEffect(() => {
    if (current?.interaction != null) interaction.current = current.interaction;
  }, [current?.interaction]);
  useEffect(() => {
    if (remote !== null && current?.state === "talking") script.current?.begin(remote);
  }, [remote, current?.state]);
  useEffect(() => {
    if (current?.state === "talking") setBegan(Date.now());
    if (current === null && began !== null) {
      script.current?.end();
      releaseMicrophone();
      setBegan(null);
      setLast({ interaction: interaction.current });
      announce("The call has ended");
    }
  }, [current?.state]);

  const call = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    setLast(null);
    setPressed("");
    interaction.current = null;
    try {
      await context().resume();
      script.current = scripted ? await ScriptedCaller.make() : null;
      const stream = script.current?.stream ?? (await microphone());
      phone.current ??= new Phone({
        register: false,
        displayName: session.value?.user.name ?? "Guest",
        credentials: () => post<Credentials>("/phone/credentials"),
      });
      await phone.current.start();
      phone.current.dial(NUMBER, stream);
    } catch (error) {
      setProblem(words(error));
    }
    setBusy(false);
  };
  const press = (key: string): void => {
    setPressed((before) => before + key);
    phone.current?.press(key);
  };
  const trouble = problem ?? phone.current?.trouble.value ?? null;
  return (
    <div class="caller">
      <section class="card handset stack" aria-label="Telephone">
        <div class="row between">
          <Brand />
          <span class="chip">Demo</span>
        </div>
        <div>
          <h1>Fernhill Cycles</h1>
          <p class="soft">You are the customer. Call {NUMBER} and press 2 to talk to somebody.</p>
        </div>
        <p class="screen time" role="status" aria-label="Display">
          {current === null ? (last === null ? "Ready" : "The call has ended") : current.state === "talking" ? (
            <>
              Connected <span aria-hidden="true">{began === null ? "" : clock((now.value - began) / 1000)}</span>
            </>
          ) : (
            "Calling…"
          )}
          <span class="pressed">{pressed}</span>
        </p>
        <Ear stream={remote} name="What you hear" />
        <Refusal words={trouble} />
        <Keypad onKey={press} disabled={current?.state !== "talking"} />
        {current === null ? (
          <button type="button" class="good big" disabled={busy} onClick={() => void call()}>
            <Icon name="phone" /> {busy ? "Connecting…" : "Call"}
          </button>
        ) : (
          <button type="button" class="bad big" onClick={() => phone.current?.hangUp()}>
            <Icon name="hangup" /> Hang up
          </button>
        )}
        <label class="tick">
          <input
            type="checkbox"
            checked={scripted}
            disabled={current !== null}
            onChange={(event) => {
              setScripted(event.currentTarget.checked);
              save("scripted", event.currentTarget.checked);
            }}
          />
          Scripted caller: recorded phrases speak for you
        </label>
        {!scripted && (
          <p class="notice">Use headphones when agent and customer are on one machine, or the two tabs will howl.</p>
        )}
      </section>
      {last !== null && current === null && <Again key={last.interaction ?? "last"} interaction={last.interaction} />}
    </div>
  );
}

/** How long the record of a call may take to be complete, in tries of a second each. */
const TRIES = 15;

/** Right after hanging up: the recording and the path of the call. */
function Again({ interaction }: { interaction: string | null }): JSX.Element {
  const [record, setRecord] = useState<InteractionRecord | null>(null);
  const [gaveUp, setGaveUp] = useState(false);
  useEffect(() => {
    let left = false;
    const look = async (): Promise<InteractionRecord | null> => {
      const id = interaction ?? (await get<Page<InteractionSummary>>("/interactions?limit=1")).items[0]?.id;
      if (id === undefined) return null;
      const found = await get<InteractionRecord>(`/interactions/${part(id)}`);
      return found.ended_at == null ? null : found;
    };
    void (async () => {
      for (let n = 0; n < TRIES && !left; n += 1) {
        const found = await look().catch((error: unknown) => {
          // Not for this role: asking again changes nothing.
          if (error instanceof Problem && error.status === 403) n = TRIES;
          return null;
        });
        if (found !== null && !left) {
          setRecord(found);
          if (found.connected_at == null || found.recordings.some((one) => one.finished_at != null)) return;
        }
        await new Promise((done) => setTimeout(done, 1000));
      }
      if (!left) setGaveUp(true);
    })();
    return () => {
      left = true;
    };
  }, []);
  const finished = record?.recordings.filter((one) => one.finished_at != null) ?? [];
  return (
    <section class="card stack again" aria-label="Your call">
      <h1>Your call</h1>
      {record === null && <p class="soft">{gaveUp
            ? "This page cannot read the record. The supervisor finds the call under Calls, with its recording and its path."
            : "The record is being written…"}</p>}
      {record !== null && (
        <>
          <h2>Listen to it</h2>
          {finished.length === 0 && <p class="soft">Nobody answered, so nothing was recorded.</p>}
          {finished.map((one) => (
            <Player key={one.id} recording={one} />
          ))}
          <h2>Its path</h2>
          <TimelineCard interaction={record.id} fresh={String(finished.length)} />
        </>
      )}
    </section>
  );
}
