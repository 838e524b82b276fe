// The calls of this moment, those who wait first; and what a supervisor can do for one who waits: another queue, or an
// agent by name. Nothing is done without a second press.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { part, post, session, words } from "../../api/client";
import type { CallLive } from "../../api/types";
import { agents, calls, queues } from "../../live/client";
import { announceNow } from "../../ui/announce";
import { Icon } from "../../ui/icons";
import { clock, since } from "../../ui/time";
import { party, stateWords } from "../../words";
import * as rules from "./rules";
import { Refusal } from "../../ui/refusal";

const PHASES: Record<string, string> = { in_flow: "in the menu", waiting: "waits", offered: "rings at an agent", talking: "talks", ending: "ends" };

const waits = (call: CallLive): boolean => call.phase === "waiting" || call.phase === "offered";

export function CallsNow(): JSX.Element {
  const [chosen, setChosen] = useState<CallLive | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const list = [...(calls.value ?? [])].sort((a, b) => Number(waits(b)) - Number(waits(a)) || since(b.since) - since(a.since));
  const acts = session.value?.user.role !== "readonly";
  return (
    <section class="card" aria-label="Calls now">
      <h2>Calls now</h2>
      {said !== null && (
        <p class="notice">{said}</p>
      )}
      {list.length === 0 ? (
        <p class="empty">No calls.</p>
      ) : (
        <div class="scroll-x" tabIndex={0} role="region" aria-label="List of calls now">
          <table>
            <thead>
              <tr>
                <th scope="col">Caller</th>
                <th scope="col">What</th>
                <th scope="col">Queue</th>
                <th scope="col">Agent</th>
                <th scope="col" class="n">
                  Since
                </th>
                <th scope="col">
                  <span class="hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((call) => (
                <Row key={call.interaction} call={call} acts={acts} onMove={() => setChosen(call)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {chosen !== null && (
        <MoveDialog
          call={chosen}
          onClose={(done) => {
            setChosen(null);
            setSaid(done);
            if (done !== null) announceNow(done);
          }}
        />
      )}
    </section>
  );
}

function Row({ call, acts, onMove }: { call: CallLive; acts: boolean; onMove: () => void }): JSX.Element {
  const level = call.phase === "waiting" ? rules.longest(queues.value?.find(({ name }) => name === call.queue), since(call.since)) : "plain";
  const says = rules.LEVEL_WORDS[level];
  return (
    <tr>
      <td class="caller">{party(call.caller)}</td>
      <td>
        {PHASES[call.phase] ?? call.phase.replaceAll("_", " ")}
        {(level === "warn" || level === "bad") && (
          <span class={`chip ${level}`}>
            <Icon name="warn" /> {says}
          </span>
        )}
      </td>
      <td>{call.queue ?? ""}</td>
      <td>{call.agent ?? (call.taken_over === true ? "a supervisor" : "")}</td>
      <td class="n">{clock(since(call.since))}</td>
      <td class="n">
        {acts && waits(call) && (
          <button type="button" class="small" aria-label={`Move ${party(call.caller)}`} onClick={onMove}>
            Move…
          </button>
        )}
      </td>
    </tr>
  );
}

/** Queue or agent, by the keyboard too: the list, then the button. Escape changes nothing. */
function MoveDialog({ call, onClose }: { call: CallLive; onClose: (done: string | null) => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [to, setTo] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const others = (queues.value ?? []).filter((queue) => queue.name !== call.queue);
  const own = session.value?.user.agent?.login;
  const free = (agents.value ?? []).filter((agent) => agent.registered && (agent.state === "available" || agent.state === "not_ready"));
  const confirm = async (): Promise<void> => {
    const [kind, name] = [to.slice(0, 1), to.slice(2)];
    setBusy(true);
    setProblem(null);
    try {
      if (kind === "p") {
        await post(`/calls/${part(call.interaction)}/priority`, { class: name });
        return onClose(`${party(call.caller)} has another place in ${call.queue ?? "the queue"} now.`);
      }
      await post(`/calls/${part(call.interaction)}/transfer`, { to: kind === "q" ? { queue: name } : { agent: name } });
      onClose(kind === "q" ? `${party(call.caller)} waits in ${name} now.` : `The telephone of ${name} rings for ${party(call.caller)}.`);
    } catch (error) {
      setProblem(words(error));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="move-title" onClose={() => onClose(null)}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <h2 id="move-title">Move {party(call.caller)}</h2>
        <p class="soft">Waits in {call.queue ?? "a queue"}. The time that was waited counts in the new queue. Whoever does not take the call gives it back.</p>
        <label>
          To
          <select value={to} autoFocus onChange={(event) => setTo(event.currentTarget.value)}>
            <option value="">Choose…</option>
            <optgroup label="In this queue">
              <option value="p:emergency">Before everybody, as an emergency</option>
              <option value="p:normal">By the time waited, as others</option>
            </optgroup>
            <optgroup label="Queues">
              {others.map((queue) => (
                <option key={queue.name} value={`q:${queue.name}`}>
                  {queue.name}, {queue.waiting} waiting
                </option>
              ))}
            </optgroup>
            <optgroup label="Agents">
              {free.map((agent) => (
                <option key={agent.login} value={`a:${agent.login}`}>
                  {agent.login === own ? "Myself" : agent.name}, {stateWords(agent.state).word.toLowerCase()}
                </option>
              ))}
            </optgroup>
          </select>
        </label>
        <Refusal words={problem} />
        <div class="row">
          <button type="submit" class="primary" disabled={to === "" || busy}>
            Move
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Leave it
          </button>
        </div>
      </form>
    </dialog>
  );
}
