// "Call this draft": the text as it stands, called for real from this browser. For whoever may publish.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { session } from "../../../api/client";
import { Ear } from "../../../phone/ear";
import { follow } from "../../../router";
import { Refusal } from "../../../ui/refusal";
import type { DraftCall } from "./draft_call";
import type { Editing } from "./model";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const mayCall = (): boolean => ["admin", "supervisor", "publisher"].includes(session.value?.user.role ?? "");
const mayReadCalls = (): boolean => ["admin", "supervisor"].includes(session.value?.user.role ?? "");

export function CallDraft({ editing, call }: { editing: Editing; call: DraftCall }): JSX.Element | null {
  const current = call.call.value;
  const block = call.block.value;
  useEffect(() => {
    if (block !== null) editing.at.value = `/blocks/${block}`;
  }, [block]);
  if (!mayCall()) return null;
  return (
    <section class="stack tight" aria-label="Call this draft">
      {current === null ? (
        <>
          <div class="row">
            <button type="button" disabled={call.begins.value} onClick={() => void call.begin(editing.text.value, editing.trial.value.caller.from)}>
              {call.begins.value ? "Connecting…" : "Call this draft"}
            </button>
            <span class="small soft" role="status">
              {call.over.value ? "The call is over." : ""}
            </span>
            {call.over.value && mayReadCalls() && (
              <a class="small" href={`/calls?flow=${encodeURIComponent(`${editing.name}@draft`)}`} onClick={follow}>
                Its record
              </a>
            )}
          </div>
          <p class="small soft">A real call from the number above, with your microphone: queues ring their agents, servers are asked, numbers are dialled, a record is written. The figures of the flow are counted without it.</p>
        </>
      ) : (
        <OnTheLine call={call} talking={current.state === "talking"} />
      )}
      <Refusal words={call.trouble.value} />
    </section>
  );
}

function OnTheLine({ call, talking }: { call: DraftCall; talking: boolean }): JSX.Element {
  const [pressed, setPressed] = useState("");
  const press = (key: string): void => {
    setPressed((before) => before + key);
    call.press(key);
  };
  return (
    <>
      <p class="small" role="status">
        {talking ? (call.block.value === null ? "On the line" : `On the line, in ${call.block.value}`) : "Calling…"} {pressed !== "" && <code>{pressed}</code>}
      </p>
      <Ear stream={call.phone.value?.remote.value ?? null} name="What you hear" />
      <div class="flow-keypad" role="group" aria-label="Keypad of the call">
        {KEYS.map((key) => (
          <button key={key} type="button" disabled={!talking} onClick={() => press(key)}>
            {key}
          </button>
        ))}
      </div>
      <button type="button" class="bad" onClick={() => call.hangUp()}>
        Hang up
      </button>
    </>
  );
}
