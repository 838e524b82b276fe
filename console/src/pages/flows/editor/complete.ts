// What may be written where the cursor stands: the server says it, by the same table as its check.
import { autocompletion, closeCompletion, completionKeymap, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { part, post } from "../../../api/client";

interface Offered {
  label: string;
  kind: string;
  detail: string;
  insert: string;
}

interface Completion {
  from: number;
  options: Offered[];
}

/** Where a list opens by itself: in a word, and behind a dash, a colon, a bracket or a comma. */
const OPENS = /([\w-]|[-:,[{] )$/;

async function offered(name: string, context: CompletionContext): Promise<CompletionResult | null> {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  if (!context.explicit && !OPENS.test(before)) return null;
  const column = Array.from(before).length + 1;
  // No list is better than a message about one: the text can be written without it.
  const body = { text: context.state.doc.toString(), line: line.number, column };
  const found = await post<Completion>(`/flows/${part(name)}/complete`, body).catch(() => null);
  if (found === null || found.options.length === 0 || context.aborted) return null;
  // The space before a kind is for those who hear both in one go.
  return {
    from: context.pos - (column - found.from),
    validFor: /^[\w-]*$/,
    options: found.options.map(({ label, kind, detail, insert }, at) => ({ label, detail: ` ${kind}`, ...(detail === "" ? {} : { info: detail }), apply: insert, boost: -Math.min(at, 99) })),
  };
}

/** While typing and by Ctrl+Space; Escape closes. */
export function completes(name: string): Extension {
  return [
    autocompletion({ override: [(context) => offered(name, context)], icons: false, maxRenderedOptions: 100, defaultKeymap: false }),
    keymap.of([...completionKeymap, { key: "Escape", run: closeCompletion }]),
  ];
}
