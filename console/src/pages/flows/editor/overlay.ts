// Words laid over the picture, at each block's first box.
// Owns: what stands at a box, in words: a number is never told by its colour alone. Knows no server.
import type { Callers, Picture, Traffic } from "../shapes";

const SVG = "http://www.w3.org/2000/svg";

/** What stands at a block; `null`: nothing. */
export type Words = (block: string) => string | null;

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

/** How many calls came into it, and how many callers hung up there. */
export const trafficWords =
  (traffic: Traffic): Words =>
  (block) => {
    const found = traffic.blocks.find((one) => one.block === block);
    if (found === undefined) return "0 calls";
    return counted(found.calls, "call") + (found.dropped > 0 ? `, ${found.dropped} hung up` : "");
  };

/** How many callers are in it now; nothing where nobody is. */
export const callerWords =
  (callers: Callers): Words =>
  (block) => {
    const found = callers.blocks.find((one) => one.block === block);
    return found === undefined ? null : `${counted(found.calls, "caller")} now`;
  };

/** Writes them at the boxes; `null` takes them away. */
export function lay(root: ShadowRoot, picture: Picture, words: Words | null): void {
  for (const old of root.querySelectorAll(".count")) old.remove();
  if (words === null) return;
  const done = new Set<string>();
  for (const box of root.querySelectorAll("[data-box]")) {
    const block = picture.boxes[Number(box.getAttribute("data-box"))]?.block;
    const rect = box.querySelector("rect");
    if (block == null || rect === null || done.has(block)) continue;
    done.add(block);
    const told = words(block);
    if (told === null) continue;
    const text = document.createElementNS(SVG, "text");
    const number = (name: string): number => Number(rect.getAttribute(name));
    text.setAttribute("class", "count");
    text.setAttribute("x", String(number("x") + number("width")));
    text.setAttribute("y", String(number("y") - 4));
    text.setAttribute("text-anchor", "end");
    text.textContent = told;
    box.append(text);
  }
}

/** Every box of a block gets the class of its sign. */
export function mark(root: ShadowRoot, picture: Picture, signs: Record<string, string>): void {
  for (const box of root.querySelectorAll("[data-box]")) {
    const block = picture.boxes[Number(box.getAttribute("data-box"))]?.block;
    const sign = block == null ? undefined : signs[block];
    if (sign !== undefined) box.classList.add(`sign-${sign}`);
  }
}
