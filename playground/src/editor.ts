// An editor for one of the two texts. Tab leaves it: no key is taken that leads through the page.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { Compartment, EditorState, type Extension, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";

import type { LineRange } from "./service";
import { appearance } from "./theme";

interface Marks {
  shown: LineRange | null;
  doubted: LineRange[];
}

const setMarks = StateEffect.define<Partial<Marks>>();

const marks = StateField.define<Marks & { set: DecorationSet }>({
  create: () => ({ shown: null, doubted: [], set: Decoration.none }),
  update(value, transaction) {
    // What was said of the lines before holds no more once the text is another.
    let next: Marks | null = transaction.docChanged ? { shown: null, doubted: [] } : null;
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) next = { ...(next ?? { shown: value.shown, doubted: value.doubted }), ...effect.value };
    }
    return next ? { ...next, set: decorated(transaction.state, next) } : value;
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.set),
});

function decorated(state: EditorState, { shown, doubted }: Marks): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (let number = 1; number <= state.doc.lines; number += 1) {
    const names = [shown && nameOf(shown, number, state.doc.lines), doubted.some((range) => holds(range, number)) && "cm-doubted"];
    const told = names.filter(Boolean).join(" ");
    const at = state.doc.line(number).from;
    if (told) builder.add(at, at, Decoration.line({ class: told }));
  }
  return builder.finish();
}

function holds(range: LineRange, number: number): boolean {
  return range.start < number && number <= range.end;
}

function nameOf(range: LineRange, number: number, last: number): string {
  if (holds(range, number)) return "cm-shown";
  if (range.end > range.start) return "";
  if (number === range.start + 1) return "cm-shown-before";
  return number === last && range.start >= last ? "cm-shown-after" : "";
}

export class Editor {
  private readonly view: EditorView;
  private readonly language = new Compartment();
  private readonly wrapping = new Compartment();

  /** In `host`, called `label` to those who can't see it; `changed` is called when a person changes the text. */
  constructor(host: HTMLElement, label: string, hint: string, changed: () => void) {
    // In a shadow root the styles of the editor are an adopted sheet, which even a strict policy lets in.
    const root = host.attachShadow({ mode: "open" });
    this.view = new EditorView({
      parent: root,
      root,
      extensions: [
        lineNumbers(),
        history(),
        bracketMatching(),
        indentOnInput(),
        placeholder(hint),
        // Mod-Enter is the page's.
        keymap.of([...defaultKeymap.filter((binding) => binding.key !== "Mod-Enter"), ...historyKeymap]),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        EditorView.updateListener.of((update) => update.docChanged && changed()),
        this.language.of([]),
        this.wrapping.of([]),
        marks,
        appearance,
      ],
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  set text(text: string) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, selection: { anchor: 0 } });
  }

  highlight(mode: Extension): void {
    this.view.dispatch({ effects: this.language.reconfigure(mode) });
  }

  wrap(on: boolean): void {
    this.view.dispatch({ effects: this.wrapping.reconfigure(on ? EditorView.lineWrapping : []) });
  }

  /** Mark `ranges` as in doubt, and no others. */
  markDoubts(ranges: LineRange[]): void {
    this.view.dispatch({ effects: setMarks.of({ doubted: ranges, shown: null }) });
  }

  /** Bring `range` into view, marked, and put the caret there. */
  show(range: LineRange): void {
    const { doc } = this.view.state;
    const first = doc.line(Math.min(range.start + 1, doc.lines));
    this.view.dispatch({
      selection: { anchor: first.from },
      effects: [setMarks.of({ shown: range }), EditorView.scrollIntoView(first.from, { y: "center" })],
    });
    this.view.dom.scrollIntoView({ block: "nearest" });
  }

  focus(): void {
    this.view.focus();
  }
}
