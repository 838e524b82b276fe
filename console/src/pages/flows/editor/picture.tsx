// The flow as the server draws it. A click on a box chooses what it stands for; what is chosen is lit.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Picture } from "../shapes";
import { show } from "./drawing";
import type { Editing } from "./model";
import { lay, type Words } from "./overlay";
import { OverButtons, OverTold, type Over } from "./overlays";
import { found } from "./places";

/** What is chosen, and that boxes can be clicked. The colours of the picture are its own. */
const LIT = `
  svg { display: block; }
  :host([data-fit="yes"]) svg { width: 100%; min-width: 56rem; height: auto; }
  [data-box] { cursor: pointer; }
  [data-box].lit rect { stroke: var(--ring); stroke-width: 3.5; }
  .count { fill: var(--text); font-weight: 700; font-size: 11px; paint-order: stroke; stroke: var(--surface); stroke-width: 3px; }
`;

export function PicturePane({ editing }: { editing: Editing }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const [fit, setFit] = useState(true);
  const [over, setOver] = useState<Over>(null);
  const [told, setTold] = useState<Words | null>(null);
  const picture = editing.good.value?.picture ?? null;
  const at = editing.at.value;
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const root = show(element, picture, LIT);
    if (picture === null) return;
    const click = (event: Event): void => {
      const box = (event.target as Element).closest("[data-box]")?.getAttribute("data-box");
      const shown = box == null ? undefined : picture.boxes[Number(box)];
      if (shown?.block != null) editing.at.value = shown.step == null ? `/blocks/${shown.block}` : `/blocks/${shown.block}/${shown.step}`;
    };
    root.addEventListener("click", click);
    return () => root.removeEventListener("click", click);
  }, [picture]);
  useEffect(() => light(host.current, picture, editing), [picture, at, fit]);
  useEffect(() => {
    const root = host.current?.shadowRoot;
    if (root != null && picture !== null) lay(root, picture, told);
  }, [picture, told]);
  return (
    <div class="flow-picture">
      <div class="row between">
        <div class="row" role="group" aria-label="How near one looks">
          {(["blocks", "steps"] as const).map((zoom) => (
            <button key={zoom} type="button" class="small" aria-pressed={editing.zoom.value === zoom} onClick={() => editing.setZoom(zoom)}>
              {zoom === "blocks" ? "Blocks" : "Steps"}
            </button>
          ))}
        </div>
        <OverButtons over={over} set={setOver} />
        <button type="button" class="small" aria-pressed={fit} onClick={() => setFit(!fit)}>
          All of it
        </button>
        {editing.stale.value && <span class="chip warn">as it was before the slip in the text</span>}
      </div>
      <OverTold editing={editing} over={over} lay={(words) => setTold(() => words)} />
      {picture === null && <p class="empty">There is no picture: the text cannot be read, or there is too much to look at.</p>}
      <div class="flow-canvas" tabIndex={0} role="region" aria-label="Picture of the flow" data-fit={fit ? "yes" : "no"} ref={host} />
    </div>
  );
}

function light(host: HTMLElement | null, picture: Picture | null, editing: Editing): void {
  const root = host?.shadowRoot;
  if (root == null || picture === null) return;
  const { block, step } = found(editing.good.value?.outline, editing.at.value);
  const number = step === null ? null : Number(step.path.slice(step.path.lastIndexOf("/") + 1));
  for (const box of root.querySelectorAll("[data-box]")) {
    const shown = picture.boxes[Number(box.getAttribute("data-box"))];
    const lit = shown?.block != null && shown.block === block?.name && (shown.step == null || shown.step === (number ?? 0));
    box.classList.toggle("lit", lit);
    if (lit && number !== null && shown.step === number) box.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
