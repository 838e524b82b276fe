// A button for what is felt at once by others: it says what will happen, and does it after a second yes.
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { words } from "../api/client";
import { Refusal } from "./refusal";

interface Props {
  label: string;
  /** What will happen, in a sentence. */
  ask: string;
  act: () => Promise<void>;
}

export function Confirm({ label, ask, act }: Props): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="small" onClick={() => setOpen(true)}>
        {label}
      </button>
      {open && <Dialog label={label} ask={ask} act={act} onClose={() => setOpen(false)} />}
    </>
  );
}

function Dialog({ label, ask, act, onClose }: Props & { onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  // Not disabled meanwhile: the button would lose the focus, and with it whoever works by keys.
  const busy = useRef(false);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const yes = async (): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    try {
      await act();
      dialog.current?.close();
    } catch (error) {
      setProblem(words(error));
      busy.current = false;
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={onClose}>
      <form
        class="stack"
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          void yes();
        }}
      >
        <h2 id={title}>{label}?</h2>
        <p>{ask}</p>
        <Refusal words={problem} />
        <div class="row">
          <button type="submit" class="primary">
            Yes
          </button>
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            No
          </button>
        </div>
      </form>
    </dialog>
  );
}
