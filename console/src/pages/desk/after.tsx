// After the call: the wrap-up code, its timer, and Done.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, part } from "../../api/client";
import { me } from "../../live/client";
import { chime } from "../../phone/sound";
import { announce } from "../../ui/announce";
import { Icon } from "../../ui/icons";
import { clock, now, until } from "../../ui/time";
import { shown } from "./shortcuts";
import { chooseCode, chosen, extend, mayFinish, required, wrapUpDone } from "./wrap_up";

interface Code {
  code: string;
  label: string;
  group?: string | null;
}

export function AfterCall(): JSX.Element {
  const about = me.value?.wrap_up ?? me.value?.call ?? null;
  const wrapping = me.value?.wrap_up ?? null;
  if (about === null) {
    return (
      <div class="card">
        <h2>After the call</h2>
        <p class="empty">The outcome of a call is chosen here.</p>
      </div>
    );
  }
  return (
    <div class="card stack" id="after">
      <h2>After the call</h2>
      <Codes key={about.interaction} interaction={about.interaction} queue={about.queue} />
      {wrapping !== null && <Timer />}
      {wrapping !== null && (
        <div class="row">
          {wrapping.extendable && wrapping.ends_at !== null && (
            <button type="button" onClick={() => void extend()}>
              <Icon name="clock" /> More time
            </button>
          )}
          <button type="button" class="primary grow" disabled={!mayFinish()} onClick={() => void wrapUpDone()}>
            Done <kbd>{shown("wrap")}</kbd>
          </button>
        </div>
      )}
      {wrapping !== null && !mayFinish() && <p class="soft small">Choose an outcome first.</p>}
    </div>
  );
}

function Timer(): JSX.Element {
  const ends = me.value?.wrap_up?.ends_at ?? null;
  const left = ends === null ? null : until(ends, now.value);
  const warned = useRef("");
  useEffect(() => {
    if (ends === null || left === null || left > 10 || warned.current === ends) return;
    warned.current = ends;
    chime();
    announce("Ten seconds of wrap-up are left");
  }, [ends, left === null ? 0 : Math.floor(left)]);
  if (left === null) return <p class="soft">Take the time that you need: this wrap-up ends when you say so.</p>;
  return (
    <p class="timer time" aria-label="Wrap-up left">
      {clock(left)} <span class="small soft">of wrap-up left</span>
    </p>
  );
}

function Codes({ interaction, queue }: { interaction: string; queue: string | null }): JSX.Element {
  const [codes, setCodes] = useState<Code[]>([]);
  const [filter, setFilter] = useState("");
  useEffect(() => {
    get<{ items: Code[]; required?: boolean }>(queue === null ? "/wrap-up-codes" : `/wrap-up-codes?queue=${part(queue)}`).then(
      (page) => {
        setCodes(page.items);
        required.value = page.required === true && page.items.length > 0;
      },
      () => {
        setCodes([]);
        required.value = false;
      },
    );
  }, [queue]);
  if (codes.length === 0) return <p class="soft">This queue has no wrap-up codes.</p>;
  const now_ = chosen.value?.interaction === interaction ? chosen.value.code : null;
  const fits = codes.filter((one) => `${one.group ?? ""} ${one.label}`.toLowerCase().includes(filter.trim().toLowerCase()));
  return (
    <fieldset class="plain stack tight">
      <legend class="soft small">What became of it?{required.value ? " (required)" : ""}</legend>
      {codes.length > 6 && (
        <input
          id="wrap-code"
          aria-label="Search the outcomes"
          placeholder="Search"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
      )}
      <div class="codes">
        {fits.map((one, index) => (
          <label key={one.code} class="tick code">
            <input
              id={codes.length <= 6 && index === 0 ? "wrap-code" : undefined}
              type="radio"
              name={`code-${interaction}`}
              checked={now_ === one.code}
              onChange={() => void chooseCode(interaction, one.code)}
            />
            {one.group != null && one.group !== "" && <span class="soft">{one.group}:</span>} {one.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
