// The recording of a prompt in one language: heard as it is, spoken anew into the microphone, or taken from a file.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, part, session, upload, words } from "../../../api/client";
import { announce } from "../../../ui/announce";
import { Confirm } from "../../../ui/confirm";
import { Refusal } from "../../../ui/refusal";
import type { Recorded } from "../shapes";
import { microphone, type Taking } from "./microphone";

interface Props {
  language: string;
  name: string;
  /** There is another one, or none any more. */
  changed?: (() => void) | undefined;
}

/** What is heard at once wherever a live flow plays it is for whoever may publish; the server decides. */
const mayRecord = (): boolean => ["admin", "supervisor", "publisher"].includes(session.value?.user.role ?? "");

const at = ({ language, name }: Props): string => `/prompts/${part(language)}/${name.split("/").map(part).join("/")}`;

export function Recording(props: Props): JSX.Element {
  const [there, setThere] = useState<boolean | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [told, setTold] = useState<string | null>(null);
  const path = at(props);
  const look = (): void => {
    fetch(`/api/v1${path}`, { method: "HEAD", cache: "no-store" }).then(
      (answer) => setThere(answer.ok),
      () => setThere(null),
    );
  };
  useEffect(look, [path]);
  const send = async (bytes: Blob): Promise<void> => {
    setProblem(null);
    try {
      const recorded = await upload<Recorded>(path, bytes);
      setTold(inWords(recorded));
      announce("The recording is there.");
      setThere(true);
      props.changed?.();
    } catch (error) {
      setProblem(words(error));
    }
  };
  return (
    <div class="stack tight flow-recording">
      <div class="row">
        <span class="small soft">{there === null ? "" : there ? "Recorded." : "No recording: the speech program says it, where there is one."}</span>
        {there === true && <Heard path={path} stamp={told} />}
        {mayRecord() && <Microphone send={send} fail={setProblem} />}
        {mayRecord() && <FromFile send={send} />}
        {mayRecord() && there === true && (
          <Confirm
            label="Remove the recording"
            ask="Callers hear the speech program from now on, where a live flow plays this."
            act={async () => {
              await ask("DELETE", path);
              setTold(null);
              look();
              props.changed?.();
            }}
          />
        )}
      </div>
      {told !== null && <p class="small soft">{told}</p>}
      <Refusal words={problem} />
    </div>
  );
}

function inWords({ lasts_ms, before, after, clipped }: Recorded): string {
  const seconds = (lasts_ms / 1000).toFixed(1);
  const loud = `${before.lufs.toFixed(0)} LUFS, brought to ${after.lufs.toFixed(0)}`;
  return `${seconds} s, ${loud}.${clipped ? " Its peaks are cut off: record it again, a little softer." : ""}`;
}

/** Plays what callers hear. `stamp` changes when there is another. */
function Heard({ path, stamp }: { path: string; stamp: string | null }): JSX.Element {
  const audio = useRef<HTMLAudioElement>(null);
  const play = (): void => {
    if (audio.current === null) return;
    audio.current.src = `/api/v1${path}?${Date.now()}`;
    void audio.current.play().catch(() => undefined);
  };
  return (
    <>
      <button type="button" class="small" data-stamp={stamp ?? ""} onClick={play}>
        Hear it
      </button>
      <audio ref={audio} />
    </>
  );
}

interface SendProps {
  send: (bytes: Blob) => Promise<void>;
}

function Microphone({ send, fail }: SendProps & { fail: (words: string) => void }): JSX.Element {
  const [taking, setTaking] = useState<Taking | null>(null);
  useEffect(() => () => taking?.cancel(), [taking]);
  const begin = (): void => {
    microphone().then(setTaking, () => fail("The browser does not let this page use the microphone."));
  };
  const end = async (): Promise<void> => {
    const taken = taking;
    setTaking(null);
    if (taken === null) return;
    try {
      await send(await taken.end());
    } catch (error) {
      fail(words(error));
    }
  };
  return taking === null ? (
    <button type="button" class="small" onClick={begin}>
      Record
    </button>
  ) : (
    <button type="button" class="small bad" onClick={() => void end()}>
      Stop recording
    </button>
  );
}

function FromFile({ send }: SendProps): JSX.Element {
  return (
    <label class="small flow-file">
      From a file
      <input
        type="file"
        accept="audio/*,.wav,.mp3,.flac,.ogg,.opus"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file !== undefined) void send(file);
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}
