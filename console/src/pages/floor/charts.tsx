// A queue's last hour in two small charts, in a sentence, and as a table with what each number counts.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { QueueLive } from "../../api/types";
import type { Chart, Drawing, Numbers } from "../../ui/chart";
import { clock, hourOf, spoken } from "../../ui/time";
import { type Hour, useHour } from "./history";

const TIMES = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
const NUMBERS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

const WAITS: Drawing = {
  rows: [
    { kind: "line", color: "--accent", side: "left" },
    { kind: "dashed", color: "--agent", side: "right" },
  ],
  scales: { left: { show: String, steps: NUMBERS, least: 4 }, right: { show: clock, steps: TIMES, least: 60 } },
};

const ENDS: Drawing = {
  rows: [
    { kind: "bars", color: "--good", side: "left" },
    { kind: "hollow bars", color: "--bad", side: "left" },
  ],
  scales: { left: { show: String, steps: NUMBERS, least: 4 } },
};

const WORDS = { waiting: "Waiting", longest_wait: "Longest wait", answered: "Answered", abandoned: "Abandoned" } as const;

export function LastHour({ queue, tv }: { queue: QueueLive; tv: boolean }): JSX.Element {
  const hour = useHour(queue);
  if (hour === null) return <p class="soft">Loading the last hour…</p>;
  if (hour === "failed") return <p class="soft">The last hour cannot be had at the moment; it is tried again.</p>;
  const { waits, ends } = told(hour);
  return (
    <section class="hour" aria-label={`Last hour of ${queue.name}`}>
      <Plot name="Callers waiting and longest wait" says={waits} drawing={WAITS} numbers={waitsOf(hour)}>
        <Key kind="line" word="Waiting" /> <Key kind="dashed" word="Longest wait" />
      </Plot>
      <Plot name="Answered and abandoned, by five minutes" says={ends} drawing={ENDS} numbers={endsOf(hour)}>
        <Key kind="bars" word="Answered" /> <Key kind="hollow" word="Abandoned" /> <span class="soft">by 5 min</span>
      </Plot>
      {!tv && <AsTable queue={queue.name} hour={hour} />}
    </section>
  );
}

function Key({ kind, word }: { kind: string; word: string }): JSX.Element {
  return (
    <span class="key">
      <span class={`sample ${kind}`} aria-hidden="true" /> {word}
    </span>
  );
}

interface PlotProps {
  name: string;
  /** The same in words. */
  says: string;
  drawing: Drawing;
  numbers: Numbers;
  children: JSX.Element | (JSX.Element | string)[];
}

function Plot({ name, says, drawing, numbers, children }: PlotProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const latest = useRef(numbers);
  latest.current = numbers;
  useEffect(() => {
    let here = true;
    // The library comes when the first chart is drawn. Without it the words and the table are there.
    import("../../ui/chart").then(
      ({ Chart }) => {
        if (here && box.current !== null) chart.current = new Chart(box.current, drawing, latest.current);
      },
      () => undefined,
    );
    return () => {
      here = false;
      chart.current?.end();
      chart.current = null;
    };
  }, [drawing]);
  const drawn = JSON.stringify(numbers);
  useEffect(() => chart.current?.set(numbers), [drawn]);
  return (
    <figure class="plot">
      <div class="plot-box" ref={box} role="img" aria-label={`${name}: ${says}`} />
      <figcaption>
        <p class="keys">{children}</p>
        <p>{says}</p>
      </figcaption>
    </figure>
  );
}

const seconds = (millis: number): number => millis / 1000;

function waitsOf({ points }: Hour): Numbers {
  const times = points.map(({ at }) => seconds(at));
  const end = (times.at(-1) ?? 0) + 60;
  return { span: [times[0] ?? 0, end], times: [...times, end], values: [[...points.map(({ waiting }) => waiting), points.at(-1)?.waiting ?? null], [...points.map(({ longest }) => longest), null]] };
}

function endsOf({ counts, interval }: Hour): Numbers {
  // A bar stands in the middle of its time.
  const times = counts.map(({ at }) => seconds(at + interval / 2));
  const from = seconds(counts[0]?.at ?? 0);
  const to = seconds((counts.at(-1)?.at ?? 0) + interval);
  return { span: [from, to], times, values: [counts.map(({ answered }) => answered), counts.map(({ abandoned }) => abandoned)] };
}

function told({ points, counts }: Hour): { waits: string; ends: string } {
  const top = <T,>(list: T[], of: (one: T) => number): T | undefined => list.reduce<T | undefined>((best, one) => (best === undefined || of(one) > of(best) ? one : best), undefined);
  const most = top(points, ({ waiting }) => waiting);
  const longest = top(points, ({ longest }) => longest);
  const sum = (of: (one: Hour["counts"][number]) => number): number => counts.reduce((all, one) => all + of(one), 0);
  const nobody = most === undefined || longest === undefined || most.waiting === 0;
  return {
    waits: nobody ? "Nobody waited in the last hour." : `At most ${most.waiting} at once (${hourOf(most.at)}), at most ${spoken(longest.longest)} (${hourOf(longest.at)}).`,
    ends: `${sum(({ answered }) => answered)} answered, ${sum(({ abandoned }) => abandoned)} abandoned since ${hourOf(counts[0]?.at ?? 0)}.`,
  };
}

function AsTable({ queue, hour }: { queue: string; hour: Hour }): JSX.Element {
  const rows = hour.counts.map((count) => {
    const within = hour.points.filter(({ at }) => at >= count.at && at < count.at + hour.interval);
    return { ...count, waiting: Math.max(0, ...within.map(({ waiting }) => waiting)), longest: Math.max(0, ...within.map(({ longest }) => longest)) };
  });
  return (
    <details>
      <summary>The last hour as a table, and what its numbers count</summary>
      <table>
        <caption class="hidden">Last hour of {queue}, by five minutes</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            {Object.values(WORDS).map((word) => (
              <th key={word} scope="col" class="n">
                {word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, waiting, longest, answered, abandoned }) => (
            <tr key={at}>
              <th scope="row">{hourOf(at)}</th>
              <td class="n">{waiting}</td>
              <td class="n">{clock(longest)}</td>
              <td class="n">{answered}</td>
              <td class="n">{abandoned}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl>
        {Object.entries(WORDS).map(([name, word]) => (
          <div key={name}>
            <dt>{word}</dt>
            <dd>{hour.definitions[name] ?? ""}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
