// How the editors look. Colours are custom properties of the page, which reach into shadow roots.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.tagName], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" },
  { tag: [tags.comment, tags.meta], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-function)" },
  { tag: [tags.typeName, tags.className, tags.namespace, tags.attributeName], color: "var(--code-type)" },
  { tag: tags.heading, fontWeight: "bold" },
  { tag: tags.deleted, color: "var(--removed-ink)" },
  { tag: tags.inserted, color: "var(--snippet-ink)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--panel)", fontSize: "0.8125rem" },
  "&.cm-focused": { outline: "none" }, // the page draws it around the whole pane
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--soft)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "2.2em" },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--mark)", outline: "none" },
  ".cm-shown": { backgroundColor: "var(--mark)", boxShadow: "inset 3px 0 var(--accent)" },
  ".cm-shown-before": { boxShadow: "inset 0 2px var(--accent)" },
  ".cm-shown-after": { boxShadow: "inset 0 -2px var(--accent)" },
  ".cm-doubted": { backgroundColor: "var(--doubt)", boxShadow: "inset 3px 0 var(--doubt-ink)" },
  ".cm-source": { width: "1.6em", textAlign: "center", fontWeight: "bold" },
  ".cm-source .cm-gutterElement": { padding: "0" },
  ".cm-from-snippet": { backgroundColor: "var(--snippet)" },
  ".cm-from-model": { backgroundColor: "var(--model)" },
  ".cm-from-snippet.cm-gutterElement": { color: "var(--snippet-ink)" },
  ".cm-from-model.cm-gutterElement": { color: "var(--model-ink)" },
  // The marks of the merge view, told by our own colours and not by colour alone.
  "&.cm-merge-b .cm-changedLine": { backgroundColor: "transparent" },
  "&.cm-merge-b .cm-changedLine.cm-from-snippet": { backgroundColor: "var(--snippet)" },
  "&.cm-merge-b .cm-changedLine.cm-from-model": { backgroundColor: "var(--model)" },
  "&.cm-merge-b .cm-changedText": { background: "var(--snippet-strong)" },
  "&.cm-merge-b .cm-from-model .cm-changedText": { background: "var(--model-strong)" },
  ".cm-deletedChunk": { backgroundColor: "var(--removed)", paddingLeft: "0" },
  ".cm-deletedChunk .cm-deletedLine": { padding: "0 2px 0 6px" },
  ".cm-removed.cm-gutterElement": { color: "var(--removed-ink)", backgroundColor: "var(--removed)", whiteSpace: "pre" },
  "&.cm-merge-b .cm-deletedChunk .cm-deletedText": { background: "var(--removed-strong)" },
  ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: '"⋯" !important' },
  "& .cm-collapsedLines, &.cm-editor .cm-collapsedLines": { color: "var(--muted)", background: "var(--soft)" },
});

export const appearance: Extension = [look, syntaxHighlighting(highlight)];
