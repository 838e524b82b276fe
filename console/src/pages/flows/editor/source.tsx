// The text itself. The editor's past is the page's: one undo for whatever changed the text.
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState, type ChangeSpec } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Finding } from "../shapes";
import type { Editing } from "./model";
import { completes } from "./complete";
import { lineOf, pathAt } from "./places";

const ours = Annotation.define<boolean>();

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "0.8125rem", color: "var(--text)", backgroundColor: "var(--surface)" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--soft)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent-ground) 45%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--accent-ground)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-ground) !important" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)", borderColor: "var(--line)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent-ground)", color: "var(--text)" },
  ".cm-completionDetail": { color: "var(--soft)" },
  ".cm-scroller": { fontFamily: "ui-monospace, 'DejaVu Sans Mono', monospace", lineHeight: "1.5" },
});

/** In the theme's own colours, so that both themes keep their contrast. */
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--customer)" },
]);

/** The smallest change that makes one text of the other: the cursor stays where it is. */
function change(from: string, to: string): ChangeSpec {
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start += 1;
  let end = 0;
  while (end < from.length - start && end < to.length - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end += 1;
  return { from: start, to: from.length - end, insert: to.slice(start, to.length - end) };
}

function diagnostics(state: EditorState, findings: Finding[]): Diagnostic[] {
  return findings
    .filter(({ file }) => !file.endsWith(".test.yaml"))
    .map(({ line, column, level, code, message, help }) => {
      const at = state.doc.line(Math.min(Math.max(line, 1), state.doc.lines));
      const from = Math.min(at.from + Math.max(column - 1, 0), at.to);
      const word = /^[^\s,{}[\]]+/.exec(state.sliceDoc(from, at.to))?.[0].length ?? 0;
      return { from, to: Math.min(from + word, at.to), severity: level === "error" ? "error" : level === "warning" ? "warning" : "info", message: `${message}. ${help} (${code})` };
    });
}

export function SourcePane({ editing }: { editing: Editing }): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
    root.replaceChildren();
    const view = opened(editing, root);
    const ends = follows(editing, view);
    return () => {
      for (const end of ends) end();
      view.destroy();
    };
  }, [editing]);
  return <div class="flow-source" ref={host} />;
}

/** Below a shadow root its styles are sheets that are built, which the page's policy allows. */
function opened(editing: Editing, root: ShadowRoot): EditorView {
  const own = [
    { key: "Mod-z", run: () => (editing.undo(), true) },
    { key: "Mod-y", mac: "Mod-Shift-z", run: () => (editing.redo(), true) },
    { key: "Mod-Shift-z", run: () => (editing.redo(), true) },
  ];
  const listens = EditorView.updateListener.of((update) => {
    if (update.transactions.some((one) => one.annotation(ours) === true)) return;
    if (update.docChanged) editing.type(update.state.doc.toString());
    if (!update.selectionSet || !update.view.hasFocus) return;
    const line = update.state.doc.lineAt(update.state.selection.main.head).number;
    const path = pathAt(editing.good.value?.outline, line);
    if (path !== null) editing.at.value = path;
  });
  return new EditorView({
    doc: editing.text.peek(),
    root,
    parent: root,
    extensions: [
      lineNumbers(),
      lintGutter(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      yaml(),
      indentUnit.of("  "),
      indentOnInput(),
      syntaxHighlighting(colours),
      theme,
      EditorState.readOnly.of(!editing.writes),
      EditorView.contentAttributes.of({ "aria-label": "Text of the flow", spellcheck: "false", tabindex: "0" }),
      editing.writes ? completes(editing.name) : [],
      keymap.of([...own, ...defaultKeymap, ...searchKeymap, indentWithTab]),
      listens,
    ],
  });
}

/** What others change shows in the text: operations, undo, findings, what is chosen. */
function follows(editing: Editing, view: EditorView): (() => void)[] {
  const text = effect(() => {
    const to = editing.text.value;
    const from = view.state.doc.toString();
    if (from !== to) view.dispatch({ changes: change(from, to), annotations: ours.of(true) });
  });
  const findings = effect(() => {
    const found = editing.report.value?.findings ?? [];
    view.dispatch(setDiagnostics(view.state, diagnostics(view.state, found)));
  });
  const chosen = effect(() => {
    const line = lineOf(editing.good.peek()?.outline, editing.at.value);
    if (line === null || view.hasFocus || line > view.state.doc.lines) return;
    const at = view.state.doc.line(line).from;
    view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }), annotations: ours.of(true) });
  });
  const shown = effect(() => {
    const line = editing.line.value;
    if (line === null || line > view.state.doc.lines) return;
    editing.line.value = null;
    view.dispatch({ selection: { anchor: view.state.doc.line(line).from }, effects: EditorView.scrollIntoView(view.state.doc.line(line).from, { y: "center" }), annotations: ours.of(true) });
    view.focus();
  });
  return [text, findings, chosen, shown];
}
