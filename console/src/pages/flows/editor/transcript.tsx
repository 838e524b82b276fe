// What happens in a rehearsed call, to be read and to be heard: the recordings as a phone plays them, what the speech program says
// in their place, and where the server has neither, the browser's own voice.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, words } from "../../../api/client";
import { Refusal } from "../../../ui/refusal";
import { clock } from "../../../ui/time";
import type { Tried, TriedMoment } from "../shapes";

const LIKE: Record<string, string> = { hears: "hears", step: "block", queued: "waits", asks: "asks", sets: "notes", ended: "over" };

interface Props {
  tried: Tried | null;
  /** The sound of a moment, by its place. */
  hear: (moment: number) => Promise<Blob>;
}

export function Transcript({ tried, hear }: Props): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const player = useRef<HTMLAudioElement>(null);
  const playing = useRef(0);
  const [aloud, setAloud] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const moments = tried?.moments ?? [];
  /** One after the other, until others are to be heard. */
  const play = async (places: number[]): Promise<void> => {
    const mine = (playing.current += 1);
    hush(player.current);
    setProblem(null);
    for (const place of places) {
      const one = moments[place];
      if (one === undefined || mine !== playing.current) return;
      try {
        const sound = await hear(place);
        if (mine !== playing.current || player.current === null) return;
        await played(player.current, sound);
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 404) return setProblem(words(error));
        await spoken(one);
      }
    }
  };
  const stop = (): void => {
    playing.current += 1;
    hush(player.current);
  };
  useEffect(() => {
    list.current?.lastElementChild?.scrollIntoView({ block: "nearest" });
    if (!aloud) return;
    const last = moments.at(-1)?.line ?? null;
    void play(moments.flatMap((one, place) => (one.kind === "hears" && one.line === last ? [place] : [])));
  }, [tried, aloud]);
  useEffect(() => stop, []);
  const tick = (on: boolean): void => {
    if (!on) stop();
    setAloud(on);
  };
  return (
    <>
      <label class="tick small">
        <input type="checkbox" checked={aloud} onChange={(event) => tick(event.currentTarget.checked)} /> Play what callers hear
      </label>
      <Refusal words={problem} />
      <ol class="flow-transcript" ref={list} aria-label="What happens" aria-live="polite">
        {moments.map((one, place) => (
          <li key={place} class={one.kind} lang={one.language ?? undefined}>
            <span class="time">{clock(one.at_ms / 1000)}</span> <span class="soft small">{LIKE[one.kind] ?? ""}</span> <span>{one.text.replace(/^(hears|--) /, "")}</span>{" "}
            {one.kind === "hears" && (
              <button type="button" class="small" aria-label={`Hear ${one.text.replace(/^hears /, "")}`} onClick={() => void play([place])}>
                ▶
              </button>
            )}
          </li>
        ))}
      </ol>
      <audio ref={player} />
    </>
  );
}

function hush(audio: HTMLAudioElement | null): void {
  audio?.pause();
  globalThis.speechSynthesis?.cancel();
}

/** Plays it to its end, or until it is paused. */
async function played(audio: HTMLAudioElement, sound: Blob): Promise<void> {
  const url = URL.createObjectURL(sound);
  const over = new Promise<void>((done) => {
    audio.onended = audio.onpause = audio.onerror = () => done();
  });
  audio.src = url;
  await audio.play().then(
    () => over,
    () => undefined,
  );
  URL.revokeObjectURL(url);
}

function spoken(one: TriedMoment): Promise<void> {
  if (!("speechSynthesis" in globalThis)) return Promise.resolve();
  const utterance = new SpeechSynthesisUtterance(one.text.replace(/^hears /, ""));
  utterance.lang = one.language ?? "en";
  return new Promise((done) => {
    utterance.onend = utterance.onerror = () => done();
    speechSynthesis.speak(utterance);
  });
}
