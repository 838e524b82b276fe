// Numbers laid over the picture: how many calls came into each block these seven days, and how many callers hung up there.
// Owns: what stands at a box. Knows no server.
import type { Picture, Traffic } from "../shapes";

const SVG = "http://www.w3.org/2000/svg";

/** What stands at a block, in words: a number is never told by its colour alone. */
export function countOf(traffic: Traffic, block: string): string {
  const found = traffic.blocks.find((one) => one.block === block);
  if (found === undefined) return "0 calls";
  const dropped = found.dropped > 0 ? `, ${found.dropped} hung up` : "";
  return `${found.calls} call${found.calls === 1 ? "" : "s"}${dropped}`;
}

/** Writes it at the boxes; `null` takes it away. A block's number stands at its first box. */
export function lay(root: ShadowRoot, picture: Picture, traffic: Traffic | null): void {
  for (const old of root.querySelectorAll(".count")) old.remove();
  if (traffic === null) return;
  const done = new Set<string>();
  for (const box of root.querySelectorAll("[data-box]")) {
    const block = picture.boxes[Number(box.getAttribute("data-box"))]?.block;
    const rect = box.querySelector("rect");
    if (block == null || rect === null || done.has(block)) continue;
    done.add(block);
    const text = document.createElementNS(SVG, "text");
    const number = (name: string): number => Number(rect.getAttribute(name));
    text.setAttribute("class", "count");
    text.setAttribute("x", String(number("x") + number("width")));
    text.setAttribute("y", String(number("y") - 4));
    text.setAttribute("text-anchor", "end");
    text.textContent = countOf(traffic, block);
    box.append(text);
  }
}
