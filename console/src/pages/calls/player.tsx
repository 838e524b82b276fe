// The recording: two lanes, customer above and agent below, with speed and marks. The picture comes without the sound;
// the sound is asked for when somebody presses Play, so that the audit tells listening from looking. The picture is for
// the eye; everything it does can be done by keys, the buttons and the slider.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, part } from "../../api/client";
import type { Peaks, Recording } from "../../api/types";
import { Icon } from "../../ui/icons";
import { clock } from "../../ui/time";

interface Mark {
  /** Seconds from the beginning. */
  from: number;
  to: number | null;
  word: string;
}

/** One for each cause that the API describes, or this does not fit its type. */
const WORDS: Record<Recording["marks"][number]["kind"], string> = {
  hold: "On hold",
  consult: "Consultation",
  transfer: "Transfer",
  reconnect: "Agent's phone gone",
  flow: "Left out by the menu",
};
const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
/** Seconds of a step by key or button. */
const STEP = 5;

const marksOf = (recording: Recording): Mark[] =>
  (recording.marks ?? []).map(({ kind, from, to }) => ({ from, to: to ?? null, word: WORDS[kind] }));

export function Player({ recording }: { recording: Recording }): JSX.Element {
  const audio = useRef<HTMLAudioElement>(null);
  const [source, setSource] = useState<string | null>(null);
  const [shape, setShape] = useState<Peaks | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [loading, setLoading] = useState(false);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const base = `/recordings/${part(recording.id)}`;

  useEffect(() => {
    get<Peaks>(`${base}/peaks`).then(setShape, () => setProblem("The picture of the recording could not be loaded."));
  }, [base]);
  useEffect(
    () => () => {
      if (source !== null) URL.revokeObjectURL(source);
    },
    [source],
  );
  // The sound has come: it plays from where the slider is.
  useEffect(() => {
    const player = audio.current;
    if (source === null || player === null) return;
    player.currentTime = at;
    player.playbackRate = speed;
    void player.play().catch(() => undefined);
  }, [source]);

  const marks = marksOf(recording);
  const duration = shape?.duration ?? recording.duration ?? 0;
  const seek = (to: number): void => {
    const place = Math.min(Math.max(0, to), duration);
    if (audio.current !== null && source !== null) audio.current.currentTime = place;
    setAt(place);
  };
  const load = async (): Promise<void> => {
    setLoading(true);
    setProblem(null);
    try {
      const response = await fetch(`/api/v1${base}/audio`, { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      setSource(URL.createObjectURL(new Blob([await response.arrayBuffer()], { type: "audio/wav" })));
    } catch {
      setProblem("The recording could not be loaded. Press Play to try again.");
    }
    setLoading(false);
  };
  const toggle = (): void => {
    const player = audio.current;
    if (player === null || loading) return;
    if (source === null) void load();
    else if (player.paused) void player.play().catch(() => undefined);
    else player.pause();
  };
  const change = (chosen: number): void => {
    setSpeed(chosen);
    if (audio.current !== null) audio.current.playbackRate = chosen;
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target instanceof HTMLSelectElement) return;
    const onButton = event.target instanceof HTMLButtonElement;
    const acts: Record<string, () => void> = {
      ArrowLeft: () => seek(at - STEP),
      ArrowRight: () => seek(at + STEP),
      Home: () => seek(0),
      End: () => seek(duration),
    };
    // On a button the space bar presses that button.
    if (!onButton) acts[" "] = toggle;
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <div class="player" role="group" aria-label={`Recording ${recording.index}`} onKeyDown={keys}>
      <audio
        ref={audio}
        src={source ?? undefined}
        preload="auto"
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
      />
      <Lanes shape={shape} duration={duration} at={at} onSeek={seek} marks={marks} />
      <input
        type="range"
        aria-label="Place in the recording"
        aria-valuetext={`${clock(at)} of ${clock(duration)}`}
        min={0}
        max={Math.max(0.1, duration)}
        step={0.1}
        value={at}
        onInput={(event) => seek(Number(event.currentTarget.value))}
      />
      <div class="row">
        <button type="button" class="primary" aria-busy={loading} onClick={toggle}>
          <Icon name={playing ? "pause" : "play"} /> {loading ? "Loading…" : playing ? "Pause" : "Play"}
        </button>
        <button type="button" class="small" onClick={() => seek(at - STEP)}>
          Back {STEP} s
        </button>
        <button type="button" class="small" onClick={() => seek(at + STEP)}>
          On {STEP} s
        </button>
        <label class="row speed">
          Speed
          <select value={String(speed)} onChange={(event) => change(Number(event.currentTarget.value))}>
            {SPEEDS.map((one) => (
              <option key={one} value={String(one)}>
                {one}×
              </option>
            ))}
          </select>
        </label>
        <span class="time soft">
          {clock(at)} of {clock(duration)}
        </span>
      </div>
      {problem !== null && (
        <p class="notice warn" role="alert">
          {problem}
        </p>
      )}
      {marks.length > 0 && (
        <ul class="row" aria-label="Marks">
          {marks.map((mark) => (
            <li key={`${mark.from}${mark.word}`}>
              <button type="button" class="small" onClick={() => seek(mark.from)}>
                <span class="time">{clock(mark.from)}</span> {mark.word}
                {mark.to !== null && <span class="soft"> for {clock(mark.to - mark.from)}</span>}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface LanesProps {
  shape: Peaks | null;
  duration: number;
  /** Seconds. */
  at: number;
  marks: Mark[];
  onSeek: (to: number) => void;
}

function Lanes({ shape, duration, at, marks, onSeek }: LanesProps): JSX.Element {
  const seek = (event: MouseEvent): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    onSeek(((event.clientX - box.left) / box.width) * duration);
  };
  const x = (seconds: number): number => (duration === 0 ? 0 : (seconds / duration) * 1000);
  return (
    <div class="lanes" onClick={seek}>
      <Lane word="Customer" values={shape?.left ?? null} class="customer" />
      <Lane word="Agent" values={shape?.right ?? null} class="agent" />
      <svg class="over" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
        {marks.map((mark) => (
          <rect key={`${mark.from}${mark.word}`} class="mark" x={x(mark.from)} width={Math.max(2, x((mark.to ?? duration) - mark.from))} y="0" height="100" />
        ))}
        <line class="place" x1={x(at)} x2={x(at)} y1="0" y2="100" />
      </svg>
    </div>
  );
}

function Lane({ word, values, class: name }: { word: string; values: number[] | null; class: string }): JSX.Element {
  let path = "";
  if (values !== null) {
    const loudest = Math.max(12, ...values);
    values.forEach((value, column) => {
      const half = Math.max(0.6, (value / loudest) * 46);
      path += `M${column + 0.5} ${(50 - half).toFixed(1)}V${(50 + half).toFixed(1)}`;
    });
  }
  return (
    <div class={`lane ${name}`}>
      <span class="lane-name">{word}</span>
      <svg viewBox={`0 0 ${Math.max(1, values?.length ?? 1)} 100`} preserveAspectRatio="none" role="img" aria-label={`Loudness of: ${word}`}>
        <path d={path} />
      </svg>
    </div>
  );
}
