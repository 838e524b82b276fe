// Notes on the interaction, saved while typing. Somebody else's newer text is shown, never overwritten.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, part, Problem, put, words } from "../../api/client";

interface Stored {
  text: string;
  version: number;
}

/** How long nobody types before it is saved, in milliseconds. */
const PAUSE = 600;

type Saving = "idle" | "typing" | "saving" | "saved" | "conflict" | { failed: string };

export function Notes({ interaction }: { interaction: string }): JSX.Element {
  const path = `/interactions/${part(interaction)}/notes`;
  const [text, setText] = useState("");
  const [saving, setSaving] = useState<Saving>("idle");
  const [theirs, setTheirs] = useState<Stored | null>(null);
  const version = useRef(0);
  const latest = useRef("");
  /** The text that was changed since. */
  const base = useRef("");
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const busy = useRef(false);

  const save = async (): Promise<void> => {
    clearTimeout(timer.current);
    if (busy.current) {
      timer.current = setTimeout(() => void save(), PAUSE);
      return;
    }
    busy.current = true;
    const sent = latest.current;
    setSaving("saving");
    try {
      const stored = await put<Stored>(path, { text: sent, version: version.current });
      version.current = stored.version;
      base.current = sent;
      setSaving(latest.current === sent ? "saved" : "typing");
    } catch (error) {
      if (error instanceof Problem && error.status === 409) {
        const now = await get<Stored>(path).catch(() => null);
        if (now !== null && now.text.startsWith(base.current)) behind(now);
        else {
          setTheirs(now);
          setSaving("conflict");
        }
      } else {
        setSaving({ failed: words(error) });
        timer.current = setTimeout(() => void save(), 4000);
      }
    } finally {
      busy.current = false;
    }
  };

  /** What was only written behind the text, such as a note that came with the caller, goes behind ours as well. */
  const behind = (now: Stored): void => {
    const added = now.text.slice(base.current.length);
    version.current = now.version;
    base.current = now.text;
    latest.current += added;
    setText(latest.current);
    setSaving("typing");
    timer.current = setTimeout(() => void save(), PAUSE);
  };

  useEffect(() => {
    get<Stored>(path).then(
      (stored) => {
        version.current = stored.version;
        base.current = stored.text;
        if (latest.current === "") {
          latest.current = stored.text;
          setText(stored.text);
        }
      },
      () => undefined,
    );
    return () => {
      clearTimeout(timer.current);
      if (unsaved.current) void put(path, { text: latest.current, version: version.current }).catch(() => undefined);
    };
  }, [path]);

  const unsaved = useRef(false);
  unsaved.current = saving === "typing" || typeof saving === "object";

  const type = (value: string): void => {
    latest.current = value;
    setText(value);
    setSaving("typing");
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void save(), PAUSE);
  };

  const keep = (which: "mine" | "theirs"): void => {
    if (theirs === null) return;
    version.current = theirs.version;
    base.current = theirs.text;
    setTheirs(null);
    if (which === "theirs") {
      latest.current = theirs.text;
      setText(theirs.text);
      setSaving("saved");
    } else void save();
  };

  return (
    <div class="card stack tight">
      <header class="row between">
        <h2>
          <label for="notes">Notes</label>
        </h2>
        <span class="small soft" role="status" id="notes-state">
          {typeof saving === "object" ? "" : { idle: "", typing: "…", saving: "Saving…", saved: "Saved", conflict: "" }[saving]}
        </span>
      </header>
      <textarea id="notes" value={text} maxLength={16000} onInput={(event) => type(event.currentTarget.value)} />
      {typeof saving === "object" && (
        <p class="notice warn" role="alert">
          Not saved: {saving.failed} It is tried again by itself.
        </p>
      )}
      {saving === "conflict" && theirs !== null && (
        <div class="notice warn stack tight" role="alert">
          <p>Somebody else changed these notes meanwhile:</p>
          <blockquote>{theirs.text}</blockquote>
          <div class="row">
            <button type="button" class="small" onClick={() => keep("mine")}>
              Keep mine
            </button>
            <button type="button" class="small" onClick={() => keep("theirs")}>
              Take theirs
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
