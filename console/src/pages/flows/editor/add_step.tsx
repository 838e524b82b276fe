// Steps to add: the everyday ones by what they do for the caller. The form then holds their settings.
import type { JSX } from "preact";
import { Menu } from "../../../ui/menu";
import type { FlowBlock, Operation } from "../shapes";
import type { Editing } from "./model";
import { freeName } from "./places";
import { languagesOf } from "./prompt_text";
import { offered, type Schema } from "./schema";

interface Kind {
  name: string;
  /** The step, and what has to be there for it. */
  make: (editing: Editing, schema: Schema | null) => { step: unknown; first?: Operation[] } | null;
}

/** A prompt of its own with words to replace. */
function newPrompt(editing: Editing, wordsGiven: string): { name: string; first: Operation[] } {
  const taken = editing.good.value?.outline?.prompts.map((prompt) => prompt.name) ?? [];
  const name = freeName(wordsGiven, taken);
  return { name, first: languagesOf(editing).map((part) => ({ op: "set_prompt", name, part, text: wordsGiven })) };
}

const KINDS: Kind[] = [
  {
    name: "Say something",
    make: (editing) => {
      const { name, first } = newPrompt(editing, "New message");
      return { step: { play: name }, first };
    },
  },
  {
    name: "Menu: ask for a key",
    make: (editing) => {
      const { name, first } = newPrompt(editing, "New menu");
      const block = editing.good.value?.outline?.blocks[0]?.name ?? "start";
      return { step: { menu: { prompt: name, keys: { 1: block } } }, first };
    },
  },
  {
    name: "Wait for an agent",
    make: (_, schema) => {
      const queue = offered(schema, "queue", "to")[0];
      return queue === undefined ? null : { step: { queue: { to: queue } } };
    },
  },
  {
    name: "Leave a message",
    make: (_, schema) => {
      const box = offered(schema, "voicemail", "box")[0];
      return box === undefined ? null : { step: { voicemail: { box } } };
    },
  },
  {
    name: "Ask opening hours",
    make: (editing, schema) => {
      const calendar = offered(schema, "hours", "check")[0];
      const block = editing.good.value?.outline?.blocks.at(-1)?.name ?? "start";
      return calendar === undefined ? null : { step: { hours: { check: calendar, exits: { closed: block } } } };
    },
  },
  {
    name: "Go on in another block",
    make: (editing) => ({ step: { go: editing.good.value?.outline?.blocks.at(-1)?.name ?? "start" } }),
  },
  { name: "Hang up", make: () => ({ step: { hangup: null } }) },
];

interface Props {
  editing: Editing;
  schema: Schema | null;
  block: FlowBlock;
  /** In front of the step that has this number now. */
  at: number;
}

export function AddStep({ editing, schema, block, at }: Props): JSX.Element | null {
  if (!editing.writes) return null;
  const add = async (kind: Kind): Promise<void> => {
    const made = kind.make(editing, schema);
    if (made === null) {
      editing.problem.value = `There is nothing in the company yet for “${kind.name}”.`;
      return;
    }
    const insert: Operation = { op: "insert_step", list: block.path, at, step: made.step };
    if (await editing.operate([...(made.first ?? []), insert])) editing.at.value = `${block.path}/${at}`;
  };
  return (
    <Menu label="Add a step" align="start">
      {(close) => (
        <>
          {KINDS.map((kind) => (
            <button
              key={kind.name}
              type="button"
              onClick={() => {
                close();
                void add(kind);
              }}
            >
              {kind.name}
            </button>
          ))}
        </>
      )}
    </Menu>
  );
}
