// What a publish changes, in blocks, steps and exits, and as two pictures with signs at what differs.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { part, post, words } from "../../../api/client";
import type { Different } from "../shapes";
import { show } from "./drawing";
import { lay, mark } from "./overlay";

type Side = Different["before"];

/** Signs and words, not colours alone. */
const SIGNS: Record<string, string> = { new: "+ new", gone: "− gone", changed: "± changed" };

const STYLES = `
  svg { display: block; width: 100%; min-width: 40rem; height: auto; }
  .count { fill: var(--text); font-weight: 700; font-size: 13px; paint-order: stroke; stroke: var(--surface); stroke-width: 3px; }
  .sign-new rect { stroke: var(--good); stroke-width: 3; }
  .sign-gone rect { stroke: var(--bad); stroke-width: 3; stroke-dasharray: 6 3; }
  .sign-changed rect { stroke: var(--warn); stroke-width: 3; }
`;

export function Difference({ name, before, after }: { name: string; before: string; after: string }): JSX.Element | null {
  const [different, setDifferent] = useState<Different | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    post<Different>(`/flows/${part(name)}/difference`, { before, after }).then(setDifferent, (error: unknown) => setProblem(words(error)));
  }, [name, before, after]);
  if (problem !== null) return <p class="small soft">{problem}</p>;
  if (different === null) return null;
  return (
    <>
      {different.changes.length > 0 && (
        <section class="stack tight" aria-label="What changes in blocks and steps">
          <h3 class="small">In blocks, steps and exits</h3>
          <ul class="flow-changes small">
            {different.changes.map((line, place) => (
              <li key={place}>{line.replace(/^-/, "−").replace(/^~/, "±")}</li>
            ))}
            {different.more && <li>… and more</li>}
          </ul>
        </section>
      )}
      {Object.keys(different.before.signs).length + Object.keys(different.after.signs).length > 0 && (
        <details class="flow-pictures">
          <summary>As pictures</summary>
          <Picture of="What callers get now" side={different.before} />
          <Picture of="What they will get" side={different.after} />
        </details>
      )}
    </>
  );
}

function Picture({ of, side }: { of: string; side: Side }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null || side.picture == null) return;
    const root = show(host.current, side.picture, STYLES);
    lay(root, side.picture, (block) => SIGNS[side.signs[block] ?? ""] ?? null);
    mark(root, side.picture, side.signs);
  }, [side]);
  return (
    <figure>
      <figcaption class="small soft">{of}</figcaption>
      {side.picture == null ? <p class="small soft">There is too much to look at.</p> : <div class="flow-canvas" tabIndex={0} role="region" aria-label={of} ref={host} />}
    </figure>
  );
}
