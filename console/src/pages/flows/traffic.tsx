// What callers did in a flow over some days: how many came into each block, how they left it, where they hung up. Each number
// leads to its calls. The days stand in the address, so that they can be kept and handed on.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../../style/calls.css";
import "../../style/flows.css";
import { get, part, post, session, words } from "../../api/client";
import { follow, go, path, query } from "../../router";
import { Refusal } from "../../ui/refusal";
import { dayOf, daysBack, instants, type Days } from "./days";
import type { Flow, Traffic, View } from "./shapes";

const RANGES: [string, number, number][] = [
  ["Today", 0, 0],
  ["Yesterday", 1, 1],
  ["7 days", 6, 0],
  ["30 days", 29, 0],
];

const nameInPath = (): string => decodeURIComponent(path.value.split("/")[2] ?? "");

/** Calls are for those who may read records; authors see the numbers. */
const mayReadCalls = (): boolean => ["admin", "supervisor", "readonly"].includes(session.value?.user.role ?? "");

export default function TrafficPage(): JSX.Element {
  const name = nameInPath();
  const [title, setTitle] = useState(name);
  const [order, setOrder] = useState<string[]>([]);
  const [traffic, setTraffic] = useState<Traffic | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const week = daysBack(6, 0);
  const days: Days = { from: query.value.get("from") ?? week.from, to: query.value.get("to") ?? week.to };
  useEffect(() => {
    void blocksOf(name).then(([found, blocks]) => {
      setTitle(found);
      setOrder(blocks);
    }, () => undefined);
  }, [name]);
  useEffect(() => {
    const asked = instants(days);
    if (asked === null) return setProblem("Choose a day to begin with, and one to end with.");
    get<Traffic>(`/flows/${part(name)}/traffic?${asked}`).then(
      (found) => {
        setTraffic(found);
        setProblem(null);
      },
      (error: unknown) => setProblem(words(error)),
    );
  }, [name, days.from, days.to]);
  return (
    <div class="stack">
      <p class="small">
        <a href="/flows" onClick={follow}>
          All flows
        </a>{" "}
        ·{" "}
        <a href={`/flows/${part(name)}`} onClick={follow}>
          {title}
        </a>
      </p>
      <h1>What callers do</h1>
      <DayPicker name={name} days={days} />
      <Refusal words={problem} />
      {traffic === null && problem === null && <p class="empty">Loading…</p>}
      {traffic !== null && <Totals traffic={traffic} flow={name} days={days} />}
      {traffic !== null && <Funnel traffic={traffic} flow={name} days={days} order={order} />}
    </div>
  );
}

/** The flow's title, and its blocks in the order of the file. */
async function blocksOf(name: string): Promise<[string, string[]]> {
  const flow = await get<Flow>(`/flows/${part(name)}`);
  const view = await post<View>(`/flows/${part(name)}/view`, { text: flow.text });
  return [flow.title ?? name, view.outline?.blocks.map((block) => block.name) ?? []];
}

function DayPicker({ name, days }: { name: string; days: Days }): JSX.Element {
  const set = (to: Days): void => go(`/flows/${part(name)}/traffic?${new URLSearchParams({ ...to }).toString()}`, true);
  return (
    <form class="card filters" aria-label="Days" onSubmit={(event) => event.preventDefault()}>
      <div class="row" role="group" aria-label="Often wanted">
        {RANGES.map(([word, first, last]) => {
          const range = daysBack(first, last);
          return (
            <button key={word} type="button" class="small" aria-pressed={range.from === days.from && range.to === days.to} onClick={() => set(range)}>
              {word}
            </button>
          );
        })}
      </div>
      <label>
        From
        <input type="date" value={days.from} max={dayOf(new Date())} onChange={(event) => set({ ...days, from: event.currentTarget.value })} />
      </label>
      <label>
        To
        <input type="date" value={days.to} max={dayOf(new Date())} onChange={(event) => set({ ...days, to: event.currentTarget.value })} />
      </label>
    </form>
  );
}

interface OfDays {
  traffic: Traffic;
  flow: string;
  days: Days;
}

/** A number, and the way to its calls for those who may read them. */
function Calls({ count, flow, days, more, word }: { count: number; flow: string; days: Days; more: Record<string, string>; word: string }): JSX.Element {
  if (count === 0 || !mayReadCalls()) return <>{count}</>;
  const asked = new URLSearchParams({ flow, ...days, ...more });
  return (
    <a href={`/calls?${asked.toString()}`} onClick={follow} aria-label={`${count} ${word}: show the calls`}>
      {count}
    </a>
  );
}

const share = (count: number, of: number): string => (of === 0 ? "" : `${((count * 100) / of).toFixed(1)} %`);

function Totals({ traffic, flow, days }: OfDays): JSX.Element {
  const { calls } = traffic;
  const figures: [string, number, Record<string, string> | null, string][] = [
    ["Calls", calls, {}, "that are over"],
    ["Served by the flow", traffic.contained, null, "the flow ended the call, nobody talked, nothing was wrong"],
    ["Talked with an agent", traffic.answered, { outcome: "answered" }, "whatever came before"],
    ["Hung up in the flow", traffic.dropped, { ended: "dropped" }, "before anything came of the call"],
    ["Met trouble", traffic.errors, null, "a limit, a server that failed, a call that could not be placed: what counts against a version on trial"],
  ];
  return (
    <>
      <dl class="flow-figures">
        {figures.map(([word, count, more, means]) => (
          <div key={word} class="card">
            <dt>{word}</dt>
            <dd>
              <b>{more === null ? count : <Calls count={count} flow={flow} days={days} more={more} word={word.toLowerCase()} />}</b> <span class="soft">{word === "Calls" ? "" : share(count, calls)}</span>
            </dd>
            <dd class="small soft">{means}</dd>
          </div>
        ))}
      </dl>
      {traffic.more && <p class="notice">There were more calls in this time: these are the newest {calls}. Choose fewer days to see all of them.</p>}
    </>
  );
}

/** Blocks in the order of the flow; those that are in it no more come last. */
function sorted(traffic: Traffic, order: string[]): Traffic["blocks"] {
  const place = (block: string): number => (order.includes(block) ? order.indexOf(block) : order.length);
  return [...traffic.blocks].sort((one, other) => place(one.block) - place(other.block) || one.block.localeCompare(other.block));
}

function Funnel({ traffic, flow, days, order }: OfDays & { order: string[] }): JSX.Element {
  if (traffic.calls === 0) return <p class="empty">No call took this flow in these days.</p>;
  const most = Math.max(...traffic.blocks.map((block) => block.calls), 1);
  return (
    <div class="card scroll-x" tabIndex={0} role="region" aria-label="Blocks">
      <table class="flow-funnel">
        <thead>
          <tr>
            <th scope="col">Block</th>
            <th scope="col">Calls that came here</th>
            <th scope="col">How it was left, and how often</th>
            <th scope="col" class="n">
              Came no further
            </th>
            <th scope="col" class="n">
              Hung up here
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted(traffic, order).map((block) => (
            <tr key={block.block}>
              <th scope="row">{block.block}</th>
              <td>
                <meter min={0} max={most} value={block.calls} aria-hidden="true" />{" "}
                <Calls count={block.calls} flow={flow} days={days} more={{ block: block.block }} word={`calls in ${block.block}`} /> <span class="soft small">{share(block.calls, traffic.calls)}</span>
              </td>
              <td>
                <Ways traffic={traffic} flow={flow} days={days} block={block.block} />
              </td>
              <td class="n">
                <Calls count={block.ended} flow={flow} days={days} more={{ block: block.block, ended: "here" }} word={`calls that came no further than ${block.block}`} />
              </td>
              <td class="n">
                <Calls count={block.dropped} flow={flow} days={days} more={{ block: block.block, ended: "dropped" }} word={`callers who hung up in ${block.block}`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The words for a way: `error` is said so that it is seen without its colour. */
function Ways({ traffic, flow, days, block }: OfDays & { block: string }): JSX.Element {
  const ways = traffic.ways.filter((way) => way.from === block).sort((one, other) => other.times - one.times);
  return (
    <ul class="flow-ways">
      {ways.map((way) => (
        <li key={`${way.exit} ${way.to}`}>
          <span class={way.exit === "error" ? "chip bad" : "chip"}>{way.exit === "error" ? "trouble: error" : way.exit}</span> → {way.to}{" "}
          <Calls count={way.times} flow={flow} days={days} more={{ block, exit: way.exit, next: way.to }} word={`times from ${block} by ${way.exit}`} />
        </li>
      ))}
    </ul>
  );
}
