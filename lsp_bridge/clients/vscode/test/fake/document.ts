/** A document of the fake editor: text with a version that grows, and one step of undo for each edit. */

import { EventEmitter, Position, Range, Selection, type TextEdit, Uri } from "./values";

export interface Change {
  readonly document: Document;
  readonly contentChanges: { range: Range; rangeOffset: number; rangeLength: number; text: string }[];
  readonly reason: undefined;
}

export class Document {
  static readonly changed = new EventEmitter<Change>();
  version = 1;
  isClosed = false;
  isDirty = false;
  private readonly before: string[] = [];

  constructor(
    readonly uri: Uri,
    private text: string,
    readonly languageId: string,
  ) {}

  getText(range?: Range): string {
    return range ? this.text.slice(this.offsetAt(range.start), this.offsetAt(range.end)) : this.text;
  }

  /** From UTF-16 offsets to lines and back, as VS Code counts them: LF, CRLF and CR end a line. */
  offsetAt({ line, character }: Position): number {
    const starts = this.starts();
    const start = starts[line];
    if (start === undefined) return this.text.length;
    const end = starts[line + 1] ?? this.text.length;
    return Math.min(start + character, end);
  }

  positionAt(offset: number): Position {
    const starts = this.starts();
    const line = starts.findLastIndex((start) => start <= offset);
    return new Position(line, offset - (starts[line] ?? 0));
  }

  /** The selection of all lines that hold `text`, which is there once. */
  select(text: string): Selection {
    const at = this.text.indexOf(text);
    if (at < 0) throw new Error("nothing to select");
    return new Selection(this.positionAt(at), this.positionAt(at + text.length));
  }

  /** One step to undo, whatever the number of edits. */
  edit(edits: readonly TextEdit[]): void {
    this.before.push(this.text);
    const placed = edits.map(({ range, newText }) => {
      const start = this.offsetAt(range.start);
      return { range, rangeOffset: start, rangeLength: this.offsetAt(range.end) - start, text: newText };
    });
    placed.sort((a, b) => b.rangeOffset - a.rangeOffset);
    for (const { rangeOffset, rangeLength, text } of placed) {
      this.text = this.text.slice(0, rangeOffset) + text + this.text.slice(rangeOffset + rangeLength);
    }
    this.moved(placed);
  }

  undo(): void {
    const all = new Range(this.positionAt(0), this.positionAt(this.text.length));
    const length = this.text.length;
    this.text = this.before.pop() ?? this.text;
    this.moved([{ range: all, rangeOffset: 0, rangeLength: length, text: this.text }]);
  }

  private moved(contentChanges: Change["contentChanges"]): void {
    this.version += 1;
    this.isDirty = true;
    Document.changed.fire({ document: this, contentChanges, reason: undefined });
  }

  private starts(): number[] {
    return [0, ...[...this.text.matchAll(/\r\n|\r|\n/g)].map((found) => found.index + found[0].length)];
  }
}
