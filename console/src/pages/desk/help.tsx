// The list of shortcuts, where each can be changed or taken away.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ACTIONS, keys, remap, type Action } from "./shortcuts";

export function Help({ onClose }: { onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={onClose}>
      <div class="stack">
        <h1 id="help-title">Keys of the desk</h1>
        <p class="soft">
          Hold <kbd>Alt</kbd> and <kbd>Shift</kbd> and press the letter. Type another letter to change one, or empty the
          field to switch it off. <kbd>Enter</kbd> on the offer answers it.
        </p>
        <table>
          <thead>
            <tr>
              <th scope="col">What it does</th>
              <th scope="col">Letter</th>
            </tr>
          </thead>
          <tbody>
            {(Object.keys(ACTIONS) as Action[]).map((action) => (
              <tr key={action}>
                <td>{ACTIONS[action].word}</td>
                <td>
                  <input
                    class="letter"
                    aria-label={`Letter for: ${ACTIONS[action].word}`}
                    maxLength={1}
                    value={keys.value[action]}
                    onInput={(event) => remap(action, event.currentTarget.value.toUpperCase().replace(/[^A-Z]/, ""))}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <div class="row">
          <button type="button" class="primary" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </div>
    </dialog>
  );
}
