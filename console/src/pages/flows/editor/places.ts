// Places of a flow, as operations name them: `/blocks/main/0`. Knows no element of the page.
import type { FlowBlock, FlowStep, Outline } from "../shapes";

/** The block and the step that a path leads to. */
export function found(outline: Outline | null | undefined, path: string): { block: FlowBlock | null; step: FlowStep | null } {
  const [, top, name] = path.split("/");
  const block = top === "blocks" ? (outline?.blocks.find((one) => one.name === name) ?? null) : null;
  const step = block?.steps.find((one) => path === one.path || path.startsWith(`${one.path}/`)) ?? null;
  return { block, step };
}

/** Every path of the tree, in the order in which it is shown. */
export function paths(outline: Outline | null | undefined): string[] {
  return (outline?.blocks ?? []).flatMap((block) => [block.path, ...block.steps.map((step) => step.path)]);
}

/** What stands at a line, from 1: the last thing that begins there or before. */
export function pathAt(outline: Outline | null | undefined, line: number): string | null {
  let best: string | null = null;
  let least = 0;
  for (const block of outline?.blocks ?? []) {
    for (const one of [block, ...block.steps]) {
      if (one.line > line || one.line < least) continue;
      best = one.path;
      least = one.line;
    }
  }
  return best;
}

export function lineOf(outline: Outline | null | undefined, path: string): number | null {
  const { block, step } = found(outline, path);
  return step?.line ?? block?.line ?? null;
}

/** Words that stand where a block's name does. */
export const ENDS = ["hangup", "return", "repeat"];

/** A name for a block or a prompt made of somebody's words, which nothing bears yet. */
export function freeName(wordsGiven: string, taken: Iterable<string>): string {
  const all = new Set(taken);
  const plain = wordsGiven
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[-0-9]+|-+$/g, "")
    .slice(0, 40);
  const name = plain === "" ? "new" : plain;
  if (!all.has(name)) return name;
  for (let number = 2; ; number += 1) if (!all.has(`${name}-${number}`)) return `${name}-${number}`;
}
