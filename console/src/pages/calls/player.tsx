// The recording: two lanes, customer above and agent below, with speed and marks. The picture is for the eye; every
// thing it does can be done by the buttons and the slider.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../ui/icons";
import { clock } from "../../ui/time";
import { picture, type Picture } from "./wav";

export interface Mark {
  /** Seconds from the beginning. */
  at: number;
  word: string;
}

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const COLUMNS = 600;

export function Player({ recording, marks }: { recording: string; marks: Mark[] }): JSX.Element {
  const url = `/api/v1/recordings/${encodeURIComponent(recording)}/audio`;
  const audio = useRef<HTMLAudioElement>(null);
  const [source, setSource] = useState<string | null>(null);
  const [shape, setShape] = useState<Picture | null>(null);
  const [failed, setFailed] = useState(false);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);

  useEffect(() => {
    let made: string | null = null;
    let left = false;
    fetch(url, { credentials: "same-origin" })
      .then(async (response) => {
        if (!response.ok) throw new Error(String(response.status));
        const bytes = await response.arrayBuffer();
        if (left) return;
        setShape(picture(bytes, COLUMNS));
        made = URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
        setSource(made);
      })
      .catch(() => setFailed(true));
    return () => {
      left = true;
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [url]);

  if (failed) return <p class="notice warn">The recording could not be loaded.</p>;
  const duration = shape?.duration ?? 0;
  const seek = (to: number): void => {
    if (audio.current === null) return;
    audio.current.currentTime = Math.min(Math.max(0, to), duration);
    setAt(audio.current.currentTime);
  };
  const toggle = (): void => {
    const player = audio.current;
    if (player === null) return;
    if (player.paused) void player.play().catch(() => undefined);
    else player.pause();
  };
  return (
    <div class="player" aria-busy={source === null}>
      <audio
        ref={audio}
        src={source ?? undefined}
        preload="auto"
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
      />
      <Lanes shape={shape} at={duration === 0 ? 0 : at / duration} onSeek={(share) => seek(share * duration)} marks={marks} />
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
        <button type="button" class="primary" disabled={source === null} onClick={toggle}>
          <Icon name={playing ? "pause" : "play"} /> {playing ? "Pause" : "Play"}
        </button>
        <button type="button" class="small" onClick={() => seek(at - 5)}>
          Back 5 s
        </button>
        <button type="button" class="small" onClick={() => seek(at + 5)}>
          On 5 s
        </button>
        <label class="row speed">
          Speed
          <select
            value={String(speed)}
            onChange={(event) => {
              const chosen = Number(event.currentTarget.value);
              setSpeed(chosen);
              if (audio.current !== null) audio.current.playbackRate = chosen;
            }}
          >
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
      {marks.length > 0 && (
        <ul class="row" aria-label="Marks">
          {marks.map((mark) => (
            <li key={`${mark.at}${mark.word}`}>
              <button type="button" class="small" onClick={() => seek(mark.at)}>
                <span class="time">{clock(mark.at)}</span> {mark.word}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface LanesProps {
  shape: Picture | null;
  at: number;
  marks: Mark[];
  onSeek: (share: number) => void;
}

function Lanes({ shape, at, marks, onSeek }: LanesProps): JSX.Element {
  const seek = (event: MouseEvent): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    onSeek((event.clientX - box.left) / box.width);
  };
  return (
    <div class="lanes" onClick={seek}>
      <Lane word="Customer" values={shape?.left ?? null} class="customer" />
      <Lane word="Agent" values={shape?.right ?? null} class="agent" />
      <svg class="over" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
        {shape !== null &&
          marks.map((mark) => {
            const x = (mark.at / shape.duration) * 1000;
            return <line key={`${mark.at}${mark.word}`} class="mark" x1={x} x2={x} y1="0" y2="100" />;
          })}
        <line class="place" x1={at * 1000} x2={at * 1000} y1="0" y2="100" />
      </svg>
    </div>
  );
}

function Lane({ word, values, class: name }: { word: string; values: Float32Array | null; class: string }): JSX.Element {
  let path = "";
  if (values !== null) {
    const loudest = Math.max(0.05, values.reduce((most, value) => Math.max(most, value), 0));
    values.forEach((value, column) => {
      const half = Math.max(0.6, (value / loudest) * 46);
      path += `M${column + 0.5} ${(50 - half).toFixed(1)}V${(50 + half).toFixed(1)}`;
    });
  }
  return (
    <div class={`lane ${name}`}>
      <span class="lane-name">{word}</span>
      <svg viewBox={`0 0 ${COLUMNS} 100`} preserveAspectRatio="none" role="img" aria-label={`Loudness of: ${word}`}>
        <path d={path} />
      </svg>
    </div>
  );
}
