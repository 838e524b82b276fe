// Every flow: which version callers get now, which is on trial, and whether somebody is changing it.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, part, words } from "../../api/client";
import { follow } from "../../router";
import { Refusal } from "../../ui/refusal";
import { Calendars } from "./calendars";
import type { FlowItem, FlowList } from "./shapes";

/** How often the numbers of calls are read again, in milliseconds. */
const AGAIN = 10_000;

export default function Flows(): JSX.Element {
  const [list, setList] = useState<FlowList | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const load = (): void => {
      get<FlowList>("/flows").then(
        (found) => {
          setList(found);
          setProblem(null);
        },
        (error: unknown) => setProblem(words(error)),
      );
    };
    load();
    const timer = setInterval(load, AGAIN);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="stack">
      <h1>Flows</h1>
      <p class="soft">What callers hear before somebody answers. {list?.edited}</p>
      <Refusal words={problem} />
      {list === null && problem === null && <p class="empty">Loading…</p>}
      {list !== null && <Table items={list.items} />}
      <Calendars />
    </div>
  );
}

function Table({ items }: { items: FlowItem[] }): JSX.Element {
  if (items.length === 0) return <p class="empty">There is no flow yet.</p>;
  return (
    <div class="card scroll-x" tabIndex={0} role="region" aria-label="Flows">
      <table>
        <thead>
          <tr>
            <th scope="col">Flow</th>
            <th scope="col">Callers get</th>
            <th scope="col">Draft</th>
            <th scope="col" class="n">
              Calls now
            </th>
            <th scope="col">Callers</th>
          </tr>
        </thead>
        <tbody>
          {items.map((flow) => (
            <tr key={flow.name}>
              <td>
                <a href={`/flows/${part(flow.name)}`} onClick={follow}>
                  {flow.title ?? flow.name}
                </a>
                {flow.title != null && flow.title !== flow.name && <div class="small soft">{flow.name}</div>}
              </td>
              <td>
                <Live flow={flow} />
              </td>
              <td>{flow.draft ? <span class="chip accent">begun</span> : <span class="soft">none</span>}</td>
              <td class="n">{flow.calls}</td>
              <td>
                <a href={`/flows/${part(flow.name)}/traffic`} onClick={follow} aria-label={`What callers do in ${flow.title ?? flow.name}`}>
                  What callers do
                </a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Live({ flow }: { flow: FlowItem }): JSX.Element {
  if (flow.live == null && flow.hash == null) return <span class="chip warn">never published</span>;
  if (flow.live == null) return <span>the file</span>;
  return (
    <span>
      <a href={`/flows/${part(flow.name)}/versions`} onClick={follow}>
        version {flow.live}
      </a>
      {flow.canary != null && (
        <>
          {" "}
          <span class="chip accent">
            version {flow.canary.version} on trial: {flow.canary.percent} %
          </span>
        </>
      )}
    </span>
  );
}
