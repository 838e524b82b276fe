// The agent's desk: state, call, customer, history, what comes after the call.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../../style/desk.css";
import { session } from "../../api/client";
import { me, want } from "../../live/client";
import { AfterCall } from "./after";
import { CallPane } from "./call";
import { CustomerPane } from "./customer";
import { open, trouble } from "./model";
import { Notes } from "./notes";
import { Help } from "./help";
import { listenForKeys } from "./keyboard";
import { watchOwnQueues } from "./own_queues";
import { StateBar } from "./state_bar";
import { Tasks } from "./tasks";

export default function Desk(): JSX.Element {
  const [help, setHelp] = useState(false);
  useEffect(() => {
    const stops = [want("me"), watchOwnQueues(), open(), listenForKeys(() => setHelp(true))];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  if (session.value != null && session.value.user.agent === null) {
    return <p class="notice">You are no agent here, so you have no desk.</p>;
  }
  if (me.value === null) return <p class="empty">Loading your desk…</p>;
  const interaction = me.value.call?.interaction ?? me.value.wrap_up?.interaction ?? me.value.offer?.interaction ?? null;
  return (
    <div class="desk">
      <h1 class="hidden">Desk</h1>
      <StateBar onHelp={() => setHelp(true)} />
      {trouble.value !== null && (
        <p class="notice bad row between" role="alert">
          <span class="grow">{trouble.value}</span>
          <button type="button" class="small quiet" onClick={() => (trouble.value = null)}>
            Close
          </button>
        </p>
      )}
      <div class="desk-columns">
        <section class="stack" aria-label="Call">
          <CallPane />
        </section>
        <section class="stack" aria-label="Customer">
          <CustomerPane />
          {interaction !== null && me.value.offer === null && <Notes key={interaction} interaction={interaction} />}
        </section>
        <section class="stack" aria-label="After the call">
          <AfterCall />
          <Tasks />
        </section>
      </div>
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}
