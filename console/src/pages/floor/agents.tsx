// The agents as a list: state, time in it, call, and what a supervisor can do about it.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, part, put, session, words } from "../../api/client";
import type { AgentLive } from "../../api/types";
import { agents, calls } from "../../live/client";
import { announceNow } from "../../ui/announce";
import { Icon } from "../../ui/icons";
import { Menu } from "../../ui/menu";
import { clock, since } from "../../ui/time";
import { party, reasonWords, stateWords } from "../../words";
import { MODES, monitor } from "./monitor";
import { Refusal } from "../../ui/refusal";

const ORDER = ["offered", "on_call", "wrap_up", "available", "not_ready", "offline"];

export function AgentGrid(): JSX.Element {
  const [filter, setFilter] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [reasons, setReasons] = useState<Reason[]>([]);
  useEffect(() => {
    get<{ items: Reason[] }>("/not-ready-reasons").then(
      ({ items }) => setReasons(items),
      // Without them there is still our own reason.
      () => undefined,
    );
  }, []);
  const wanted = filter.trim().toLowerCase();
  const list = (agents.value ?? [])
    .filter((one) => `${one.name} ${one.login} ${one.queue ?? ""} ${stateWords(one.state).word}`.toLowerCase().includes(wanted))
    .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || since(b.since) - since(a.since));
  const fail = (error: unknown): void => {
    setProblem(words(error));
    announceNow(words(error));
  };
  return (
    <section class="card" aria-label="Agents">
      <header class="row between">
        <h2>Agents</h2>
        <input class="filter" aria-label="Filter the agents" placeholder="Name, queue or state" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      </header>
      <Refusal words={problem} />
      <div class="scroll-x" tabIndex={0} role="region" aria-label="List of agents">
        <table class="agents">
          <thead>
            <tr>
              <th scope="col">Agent</th>
              <th scope="col">State</th>
              <th scope="col" class="n">
                For
              </th>
              <th scope="col">Call</th>
              <th scope="col">
                <span class="hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.map((one) => (
              <Row key={one.login} agent={one} reasons={reasons} onProblem={fail} />
            ))}
          </tbody>
        </table>
      </div>
      {list.length === 0 && <p class="empty">{agents.value === null ? "Loading the agents…" : "No agent fits."}</p>}
    </section>
  );
}

interface Reason {
  name: string;
  label?: string | null;
}

interface RowProps {
  agent: AgentLive;
  /** The company's, for not being ready. */
  reasons: Reason[];
  onProblem: (error: unknown) => void;
}

function Row({ agent, reasons, onProblem }: RowProps): JSX.Element {
  const { word, icon, tone } = stateWords(agent.state);
  const call = agent.interaction === null ? undefined : calls.value?.find((one) => one.interaction === agent.interaction);
  const reason = reasonWords(agent.reason);
  return (
    <tr>
      <td>
        <strong>{agent.name}</strong>
        {agent.help_since != null && <span class="chip warn">asks for help</span>}
        {!agent.registered && (
          <span class="chip" title="No telephone of this agent is connected">
            no phone
          </span>
        )}
      </td>
      <td>
        <span class={`chip ${tone}`}>
          <Icon name={icon} /> {word}
        </span>{" "}
        <span class="soft small">{reason}</span>
      </td>
      <td class="n">{clock(since(agent.since))}</td>
      <td>
        {agent.queue ?? ""} <span class="soft">{call === undefined ? "" : party(call.caller)}</span>
      </td>
      <td class="n">{session.value?.user.role !== "readonly" && <Actions agent={agent} reasons={reasons} onProblem={onProblem} />}</td>
    </tr>
  );
}

function Actions({ agent, reasons, onProblem }: RowProps): JSX.Element {
  const talking = agent.state === "on_call" && agent.interaction !== null;
  const state = (name: string, reason?: string) => (): void => {
    const body = reason === undefined ? { state: name } : { state: name, reason };
    put(`/agents/${part(agent.login)}/state`, body).catch(onProblem);
  };
  return (
    <Menu
      class="small"
      name={`Actions for ${agent.name}`}
      label={
        <>
          Actions <Icon name="down" />
        </>
      }
    >
      {(close) => {
        const run = (work: () => void) => () => {
          close();
          work();
        };
        return (
          <>
            {MODES.map(({ mode, word, icon, means }) => (
              <button
                key={mode}
                type="button"
                disabled={!talking}
                title={means}
                onClick={run(() => void monitor(agent.interaction ?? "", agent.name, mode).catch(onProblem))}
              >
                <Icon name={icon} /> {word}
              </button>
            ))}
            <hr />
            <button type="button" onClick={run(state("available"))}>
              Make available
            </button>
            <button type="button" onClick={run(state("not_ready", "supervisor"))}>
              Make not ready
            </button>
            {reasons.map(({ name, label }) => (
              <button key={name} type="button" onClick={run(state("not_ready", name))}>
                Not ready: {label ?? name}
              </button>
            ))}
            <button type="button" onClick={run(state("offline"))}>
              Make offline
            </button>
          </>
        );
      }}
    </Menu>
  );
}
