// Everything that happened to a caller on one axis: a list in words, each line with its bar or dot at its place.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, part, words } from "../../api/client";
import type { Timeline, TimelineItem } from "../../api/types";
import { clock, now, timeOfDay } from "../../ui/time";

const KINDS: Record<TimelineItem["kind"], string> = {
  menu: "Menu",
  choice: "Choice",
  waiting: "Waiting",
  decision: "Decision",
  ringing: "Ringing",
  talk: "Talk",
  pause: "Pause",
  others: "Others",
  record: "Record",
  recording: "Recording",
  wrap_up: "Wrap-up",
  notes: "Notes",
  end: "End",
};

export function TimelineCard({ interaction, fresh = "" }: { interaction: string; fresh?: string }): JSX.Element {
  const [line, setLine] = useState<Timeline | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    get<Timeline>(`/interactions/${part(interaction)}/timeline`).then(setLine, (error: unknown) => setProblem(words(error)));
  }, [interaction, fresh]);
  if (problem !== null) return <p class="notice bad">{problem}</p>;
  if (line === null) return <p class="soft">Loading the time line…</p>;
  return <Axis line={line} />;
}

function Axis({ line }: { line: Timeline }): JSX.Element {
  const from = Date.parse(line.from);
  const to = line.to == null ? now.value : Date.parse(line.to);
  const length = Math.max(1, to - from);
  const share = (moment: number): number => Math.min(100, Math.max(0, ((moment - from) / length) * 100));
  return (
    <ol class="axis">
      {line.items.map((item, index) => (
        <Row key={index} item={item} share={share} now={to} />
      ))}
    </ol>
  );
}

function Row({ item, share, now: last }: { item: TimelineItem; share: (moment: number) => number; now: number }): JSX.Element {
  const begin = Date.parse(item.from);
  const end = item.to == null ? last : Date.parse(item.to);
  const at = share(begin);
  const width = item.lasts ? Math.max(0.4, share(end) - at) : 0;
  return (
    <li class={`kind-${item.kind}`}>
      <span class="time soft">{timeOfDay(item.from)}</span>
      <span class="axis-words">
        <span class="chip">{KINDS[item.kind]}</span> {item.words}
        {item.lasts && <span class="soft n"> {item.to == null ? "still going on" : clock((end - begin) / 1000)}</span>}
      </span>
      <span class="track" aria-hidden="true">
        <span class={item.lasts ? "bar" : "dot"} style={item.lasts ? { left: `${at}%`, width: `${width}%` } : { left: `${at}%` }} />
      </span>
    </li>
  );
}
