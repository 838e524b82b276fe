// "Go available" is the check of sound, microphone and phone: the click lets the page ring, and nobody becomes
// available who could not hear or be heard. Each line says how it went and what to do.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { words } from "../../api/client";
import { me } from "../../live/client";
import { holder } from "../../phone/one_tab";
import { choose, devices, list, meter, microphone, testTone } from "../../phone/sound";
import { Icon } from "../../ui/icons";
import { save } from "../../ui/settings";
import { choosePhone, connectPhone, dial, phoneKind, setState, type PhoneKind } from "./model";

type Result = "waiting" | "running" | "good" | { bad: string };

interface Results {
  sound: Result;
  microphone: Result;
  phone: Result;
}

const START: Results = { sound: "waiting", microphone: "waiting", phone: "waiting" };

export function Ready({ onClose }: { onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [results, setResults] = useState<Results>(START);
  const [stream, setStream] = useState<MediaStream | null>(null);
  const set = (part: Partial<Results>): void => setResults((now) => ({ ...now, ...part }));

  const run = async (steal = false): Promise<void> => {
    setResults(START);
    if (phoneKind.value === "browser") {
      set({ sound: "running" });
      const audible = await testTone();
      set({ sound: audible ? "good" : { bad: "The browser keeps this page silent. Click “Check again”; if that does not help, allow sound for this site." } });
      set({ microphone: "running" });
      try {
        setStream(await microphone());
        set({ microphone: "good" });
      } catch (error) {
        set({ microphone: { bad: words(error) } });
        return;
      }
      if (!audible) return;
      set({ phone: "running" });
      try {
        await connectPhone(steal);
        save("phone_was_ready", true);
      } catch (error) {
        set({ phone: { bad: words(error) } });
        return;
      }
      set({ phone: "good" });
    } else if (me.value?.phone.registered !== true) {
      set({ phone: { bad: "Your desk phone is not connected to the server. Look at its screen, or restart it." } });
      return;
    }
    const before = me.value?.state.name;
    if (before === "available") return;
    if (await setState("available")) dialog.current?.close();
  };

  useEffect(() => {
    dialog.current?.showModal();
    void run();
  }, []);

  const other = phoneKind.value === "browser" && holder.value === "other";
  return (
    <dialog ref={dialog} aria-labelledby="ready-title" onClose={onClose}>
      <div class="stack">
        <h1 id="ready-title">Sound check</h1>
        <PhoneChoice onChange={() => void run()} />
        {phoneKind.value === "browser" && (
          <ul class="stack tight">
            <Line word="Sound: you heard two soft tones" result={results.sound} />
            <Line word="Microphone" result={results.microphone}>
              {stream !== null && <Meter stream={stream} />}
            </Line>
            <Line word="Connection to the server" result={results.phone} />
          </ul>
        )}
        {phoneKind.value === "desk_phone" && <Line word="Your desk phone" result={results.phone} />}
        {phoneKind.value === "browser" && <DeviceChoice onChange={() => void run()} />}
        <div class="row">
          <button type="button" class="primary" onClick={() => void run()}>
            Check again
          </button>
          {other && (
            <button type="button" onClick={() => void run(true)}>
              Take the phone over here
            </button>
          )}
          {results.phone === "good" && (
            <button
              type="button"
              onClick={() => {
                dialog.current?.close();
                void dial("*43");
              }}
            >
              Hear yourself (echo test)
            </button>
          )}
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </div>
    </dialog>
  );
}

function PhoneChoice({ onChange }: { onChange: () => void }): JSX.Element {
  const pick = (kind: PhoneKind) => () => {
    choosePhone(kind);
    onChange();
  };
  return (
    <fieldset class="plain row">
      <legend class="hidden">Your telephone</legend>
      <label class="tick">
        <input type="radio" name="kind" checked={phoneKind.value === "browser"} onChange={pick("browser")} />
        This browser
      </label>
      <label class="tick">
        <input type="radio" name="kind" checked={phoneKind.value === "desk_phone"} onChange={pick("desk_phone")} />
        My desk phone
      </label>
    </fieldset>
  );
}

function Line({ word, result, children }: { word: string; result: Result; children?: JSX.Element | false }): JSX.Element {
  const bad = typeof result === "object" ? result.bad : null;
  const icon = result === "good" ? "check" : bad === null ? "clock" : "warn";
  const state = result === "good" ? "works" : result === "running" ? "checking…" : bad === null ? "not checked yet" : "";
  return (
    <li class={`check ${result === "good" ? "good" : bad === null ? "" : "bad"}`}>
      <Icon name={icon} />
      <span class="grow">
        <strong>{word}</strong> <span class="soft">{state}</span>
        {bad !== null && <span class="problem">{bad}</span>}
      </span>
      {children}
    </li>
  );
}

function Meter({ stream }: { stream: MediaStream }): JSX.Element {
  const bar = useRef<HTMLMeterElement>(null);
  useEffect(() => {
    const level = meter(stream);
    const timer = setInterval(() => {
      if (bar.current !== null) bar.current.value = level();
    }, 80);
    return () => clearInterval(timer);
  }, [stream]);
  return <meter ref={bar} min={0} max={1} aria-label="Loudness of your microphone" />;
}

function DeviceChoice({ onChange }: { onChange: () => void }): JSX.Element {
  const [inputs, setInputs] = useState<MediaDeviceInfo[]>([]);
  const [outputs, setOutputs] = useState<MediaDeviceInfo[]>([]);
  useEffect(() => {
    const read = (): void => {
      void list("audioinput").then(setInputs);
      void list("audiooutput").then(setOutputs);
    };
    read();
    navigator.mediaDevices?.addEventListener("devicechange", read);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", read);
  }, []);
  const options = (all: MediaDeviceInfo[]): JSX.Element[] => [
    <option key="" value="">
      As the system has it
    </option>,
    ...all.map((device) => (
      <option key={device.deviceId} value={device.deviceId}>
        {device.label === "" ? "Unnamed device" : device.label}
      </option>
    )),
  ];
  return (
    <details>
      <summary>Choose devices</summary>
      <div class="stack tight devices">
        <label>
          Microphone
          <select
            value={devices.value.microphone}
            onChange={(event) => {
              choose({ microphone: event.currentTarget.value });
              onChange();
            }}
          >
            {options(inputs)}
          </select>
        </label>
        <label>
          Hear callers through
          <select value={devices.value.speaker} onChange={(event) => choose({ speaker: event.currentTarget.value })}>
            {options(outputs)}
          </select>
        </label>
        <label>
          Ring through
          <select value={devices.value.ring} onChange={(event) => choose({ ring: event.currentTarget.value })}>
            {options(outputs)}
          </select>
        </label>
        <label class="tick">
          <input
            type="checkbox"
            checked={devices.value.ringOn}
            onChange={(event) => choose({ ringOn: event.currentTarget.checked })}
          />
          Ring aloud
        </label>
        {"Notification" in window && Notification.permission === "default" && (
          <button type="button" class="small" onClick={() => void Notification.requestPermission()}>
            Show calls outside this window too
          </button>
        )}
      </div>
    </details>
  );
}
