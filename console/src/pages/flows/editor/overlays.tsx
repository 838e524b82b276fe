// What can be laid over the picture, one at a time: the calls of seven days, the callers of this moment, what tests come by.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, part, words } from "../../../api/client";
import { Refusal } from "../../../ui/refusal";
import { daysBack, instants } from "../days";
import type { Callers, Coverage, Traffic } from "../shapes";
import type { Editing } from "./model";
import { callerWords, trafficWords, type Words } from "./overlay";

/** Callers are asked for anew so often, in milliseconds. */
const AGAIN = 2_000;
/** What no test comes by is listed so far. */
const LISTED = 30;

export type Over = "traffic" | "callers" | "tests" | null;

const CHOICES: [Exclude<Over, null>, string][] = [
  ["traffic", "Calls of 7 days"],
  ["callers", "Callers now"],
  ["tests", "What is tested"],
];

export function OverButtons({ over, set }: { over: Over; set: (over: Over) => void }): JSX.Element {
  return (
    <div class="row" role="group" aria-label="Over the picture">
      {CHOICES.map(([value, word]) => (
        <button key={value} type="button" class="small" aria-pressed={over === value} onClick={() => set(over === value ? null : value)}>
          {word}
        </button>
      ))}
    </div>
  );
}

/** What stands below the buttons; `lay` gets what stands at the boxes. */
export function OverTold({ editing, over, lay }: { editing: Editing; over: Over; lay: (words: Words | null) => void }): JSX.Element | null {
  const [told, setTold] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const failed = (error: unknown): void => setProblem(words(error));
  useEffect(() => {
    setTold(null);
    setProblem(null);
    lay(null);
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const below = `/flows/${part(editing.name)}`;
    const callers = async (): Promise<void> => {
      const found = await get<Callers>(`${below}/callers`);
      if (gone) return;
      setTold(`${found.calls} in the flow now, ${found.beyond} with an agent or done with it.`);
      setProblem(null);
      lay(callerWords(found));
    };
    const again = (): void => {
      void callers().catch(failed).finally(() => {
        if (!gone) timer = setTimeout(again, AGAIN);
      });
    };
    if (over === "callers") again();
    if (over === "traffic") {
      get<Traffic>(`${below}/traffic?${instants(daysBack(6, 0)) ?? ""}`).then((traffic) => {
        if (gone) return;
        setTold(`${traffic.calls} calls in 7 days, ${traffic.contained} served by the flow, ${traffic.dropped} hung up in it.`);
        lay(trafficWords(traffic));
      }, failed);
    }
    if (editing.covers.value !== (over === "tests")) editing.setCovers(over === "tests");
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [editing, over]);
  if (over === "tests") return <Tested editing={editing} />;
  return (
    <>
      <Refusal words={problem} />
      {told !== null && (
        <p class="small soft" role={over === "callers" ? undefined : "status"}>
          {told}
        </p>
      )}
    </>
  );
}

function Tested({ editing }: { editing: Editing }): JSX.Element {
  const coverage = editing.good.value?.coverage ?? null;
  if (coverage === null) return <p class="small soft">No test can be run yet: there is none, or something in the text is wrong.</p>;
  const missing = coverage.missing.slice(0, LISTED);
  return (
    <div class="stack tight">
      <p class="small soft" role="status">
        Tests come by {coverage.steps_tested} of {coverage.steps} steps and take {coverage.ways_tested} of {coverage.ways} exits.
      </p>
      {missing.length > 0 && (
        <details>
          <summary class="small">What no test comes by: {coverage.missing.length}</summary>
          <ul class="small">
            {missing.map((one) => (
              <li key={`${one.path ?? ""}${one.way ?? ""}${one.line}`}>
                <Missing editing={editing} one={one} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function Missing({ editing, one }: { editing: Editing; one: Coverage["missing"][number] }): JSX.Element {
  const path = one.path ?? null;
  if (path === null) return <>line {one.line}: {one.way}</>;
  const [, , block, step] = path.split("/");
  const name = `${block ?? ""} ${Number(step) + 1}`;
  return (
    <button type="button" class="link" onClick={() => (editing.at.value = path)}>
      {name}{one.way == null ? "" : `: ${one.way}`}
    </button>
  );
}
