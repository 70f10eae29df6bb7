// The merged text as a difference, each line with where it comes from.

import { defaultKeymap } from "@codemirror/commands";
import { Change, diff, unifiedMergeView } from "@codemirror/merge";
import { EditorState, type Extension, RangeSetBuilder, Text as Lines } from "@codemirror/state";
import { Decoration, EditorView, gutter, GutterMarker, keymap, lineNumbers } from "@codemirror/view";

import { units } from "./positions";
import type { Answer, Source } from "./service";
import { appearance } from "./theme";

const SIGNS: Record<Source, string> = { original: "", snippet: "S", model: "M" };

export interface Look {
  wrap: boolean;
  onlyChanges: boolean;
}

export class ResultView {
  private readonly view: EditorView;

  constructor(host: HTMLElement) {
    const root = host.attachShadow({ mode: "open" });
    this.view = new EditorView({ parent: root, root });
  }

  show(original: string, answer: Answer, mode: Extension, look: Look): void {
    const place = this.view.scrollSnapshot();
    const doc = Lines.of(answer.merged_code.split("\n"));
    this.view.setState(EditorState.create({ doc, extensions: [...extensions(original, answer, doc, look), mode] }));
    this.view.dispatch({ effects: place });
  }
}

function extensions(original: string, answer: Answer, doc: Lines, look: Look): Extension[] {
  return [
    EditorState.readOnly.of(true),
    EditorView.contentAttributes.of({ "aria-label": "Merged result", "aria-readonly": "true", tabindex: "0" }),
    keymap.of(defaultKeymap.filter((binding) => binding.key !== "Mod-Enter")),
    lineNumbers(),
    origins(answer, doc),
    unifiedMergeView({
      original,
      mergeControls: false,
      gutter: false,
      ...(look.onlyChanges ? { collapseUnchanged: { margin: 3, minSize: 6 } } : {}),
      diffConfig: { override: () => changes(original, answer) },
    }),
    look.wrap ? EditorView.lineWrapping : [],
    appearance,
  ];
}

/** What the service changed, and within each change the words that differ. */
function changes(original: string, answer: Answer): Change[] {
  const unitOf = units(original);
  let shift = 0;
  return answer.edits.flatMap((edit) => {
    const from = unitOf(edit.start);
    const old = original.slice(from, unitOf(edit.end));
    const to = from + shift;
    shift += edit.text.length - old.length;
    const parts = diff(old, edit.text, { scanLimit: 500 });
    return parts.map((part) => new Change(from + part.fromA, from + part.toA, to + part.fromB, to + part.toB));
  });
}

class Origin extends GutterMarker {
  override elementClass: string;

  constructor(private readonly source: Source) {
    super();
    this.elementClass = `cm-from-${source}`;
  }

  override toDOM(): Text {
    return document.createTextNode(SIGNS[this.source]);
  }
}

/** Beside the removed lines, which are one block of text in the view and none in its document. */
class Removed extends GutterMarker {
  override elementClass = "cm-removed";

  constructor(private readonly rows: number) {
    super();
  }

  override eq(other: Removed): boolean {
    return other.rows === this.rows;
  }

  override toDOM(): Text {
    return document.createTextNode(Array(this.rows).fill("−").join("\n"));
  }
}

const ORIGINS = { original: new Origin("original"), snippet: new Origin("snippet"), model: new Origin("model") };

/** Lines of the snippet and of a model in their colours, and in the gutter their sign. */
function origins(answer: Answer, doc: Lines): Extension {
  const signs = new RangeSetBuilder<GutterMarker>();
  const colours = new RangeSetBuilder<Decoration>();
  for (const span of answer.provenance) {
    if (span.source === "original") continue;
    for (let line = span.start; line < Math.min(span.end, doc.lines); line += 1) {
      const at = doc.line(line + 1).from;
      signs.add(at, at, ORIGINS[span.source]);
      colours.add(at, at, Decoration.line({ class: `cm-from-${span.source}` }));
    }
  }
  const set = signs.finish();
  return [
    EditorView.decorations.of(colours.finish()),
    gutter({
      class: "cm-source",
      markers: () => set,
      // The other widgets, of folded lines, stand in place of text.
      widgetMarker: (view, _, block) =>
        block.length ? null : new Removed(Math.round(block.height / view.defaultLineHeight)),
      initialSpacer: () => ORIGINS.snippet,
    }),
  ];
}
