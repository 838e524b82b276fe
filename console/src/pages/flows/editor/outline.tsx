// The flow as a tree: blocks and their steps. Everything can be done from here by keys.
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { announce } from "../../../ui/announce";
import type { FlowBlock, FlowStep, Finding } from "../shapes";
import type { Editing } from "./model";
import { found, lineOf, paths } from "./places";

interface Props {
  editing: Editing;
  /** Enter: on to the form of what is chosen. */
  onOpen: () => void;
}

export function OutlineTree({ editing, onOpen }: Props): JSX.Element {
  const tree = useRef<HTMLUListElement>(null);
  const outline = editing.good.value?.outline;
  const chosen = editing.at.value;
  // What was chosen may be gone: the tree is still reached by Tab.
  const at = paths(outline).includes(chosen) ? chosen : (paths(outline)[0] ?? "");
  const select = (path: string): void => {
    editing.at.value = path;
    requestAnimationFrame(() => tree.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus());
  };
  const keys = (event: KeyboardEvent): void => {
    const all = paths(outline);
    const here = Math.max(0, all.indexOf(at));
    const { step } = found(outline, at);
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      if (step !== null && editing.writes) void moved(editing, step, event.key === "ArrowUp" ? -1 : 1, select);
      return;
    }
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const path = all[Math.min(Math.max(to, 0), all.length - 1)];
      if (path !== undefined) select(path);
    } else if (event.key === "ArrowLeft" && step !== null) {
      event.preventDefault();
      select(step.path.slice(0, step.path.lastIndexOf("/")));
    } else if (event.key === "Enter") {
      event.preventDefault();
      onOpen();
    } else if (event.key === "Delete" && step !== null && editing.writes) {
      event.preventDefault();
      void removed(editing, step, select);
    }
  };
  if (outline == null) return <p class="empty">The text cannot be read yet: what is wrong stands below.</p>;
  return (
    <ul class="flow-tree" role="tree" aria-label="Blocks and steps" ref={tree} onKeyDown={keys}>
      {outline.blocks.map((block) => (
        <Block key={block.path} editing={editing} block={block} at={at} select={select} />
      ))}
    </ul>
  );
}

/** The number of a step in its block, and the path of the block. */
function placeOf(step: FlowStep): [string, number] {
  const cut = step.path.lastIndexOf("/");
  return [step.path.slice(0, cut), Number(step.path.slice(cut + 1))];
}

export async function moved(editing: Editing, step: FlowStep, by: number, select: (path: string) => void): Promise<void> {
  const [list, at] = placeOf(step);
  const to = at + by;
  const { block } = found(editing.good.value?.outline, step.path);
  if (to < 0 || block === null || to >= block.steps.length) return;
  if (await editing.operate([{ op: "move_step", list, at, to_list: list, to }])) {
    announce(`Step ${to + 1} of ${block.steps.length}`);
    select(`${list}/${to}`);
  }
}

export async function removed(editing: Editing, step: FlowStep, select: (path: string) => void): Promise<void> {
  const [list, at] = placeOf(step);
  if (await editing.operate([{ op: "remove_step", list, at }])) {
    announce(`Removed: ${step.summary}. Ctrl+Z brings it back.`);
    select(at > 0 ? `${list}/${at - 1}` : list);
  }
}

/** Findings that stand in something: from its line to the next one's. */
function marks(editing: Editing, path: string): Finding[] {
  const outline = editing.good.value?.outline;
  const all = paths(outline);
  const from = lineOf(outline, path) ?? 0;
  const next = all[all.indexOf(path) + 1];
  const to = next === undefined ? Infinity : (lineOf(outline, next) ?? Infinity);
  const findings = editing.report.value?.findings ?? [];
  return findings.filter(({ line, level, file }) => level !== "info" && !file.endsWith(".test.yaml") && line >= from && line < to);
}

function Mark({ editing, path }: { editing: Editing; path: string }): JSX.Element | null {
  const found = marks(editing, path);
  const worst = found.find(({ level }) => level === "error") ?? found[0];
  if (worst === undefined || editing.stale.value) return null;
  const bad = worst.level === "error";
  return (
    <span class={`chip ${bad ? "bad" : "warn"}`} title={worst.message}>
      {bad ? "wrong" : "look"}
    </span>
  );
}

interface BlockProps {
  editing: Editing;
  block: FlowBlock;
  at: string;
  select: (path: string) => void;
}

/** Rows one below the other with their levels: what stands below a block is no part of its name. */
function Block({ editing, block, at, select }: BlockProps): JSX.Element {
  const item = (path: string): { tabIndex: number; "aria-selected": boolean; onClick: () => void } => ({
    tabIndex: path === at ? 0 : -1,
    "aria-selected": path === at,
    onClick: () => select(path),
  });
  return (
    <>
      <li role="treeitem" aria-level={1} class="flow-row" {...item(block.path)}>
        <b>{block.name}</b>
        {block.start && <span class="chip accent">calls begin here</span>}
        <Mark editing={editing} path={block.path} />
      </li>
      {block.steps.map((step) => (
        <li key={step.path} role="treeitem" aria-level={2} class="flow-row flow-step" {...item(step.path)}>
          <span>{step.summary}</span>
          <Mark editing={editing} path={step.path} />
        </li>
      ))}
    </>
  );
}
