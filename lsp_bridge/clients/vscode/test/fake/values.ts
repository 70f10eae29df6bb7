/** Values of VS Code's that the extension and its client make or read, as far as they do. */

export class Disposable {
  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => all.forEach((one) => one.dispose()));
  }
  constructor(private readonly end: () => unknown) {}
  dispose(): unknown {
    return this.end();
  }
}

export class EventEmitter<T> {
  private readonly listeners = new Set<(event: T) => unknown>();
  readonly event = (listener: (event: T) => unknown, self?: unknown, all?: Disposable[]): Disposable => {
    const bound = listener.bind(self);
    this.listeners.add(bound);
    const ended = new Disposable(() => this.listeners.delete(bound));
    all?.push(ended);
    return ended;
  };
  fire(event: T): void {
    for (const listener of [...this.listeners]) listener(event);
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class CancellationError extends Error {}

export class CancellationTokenSource {
  private readonly cancelled = new EventEmitter<void>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.cancelled.event };
  cancel(): void {
    this.token.isCancellationRequested = true;
    this.cancelled.fire();
  }
  dispose(): void {
    this.cancelled.dispose();
  }
}

export class Uri {
  static file(path: string): Uri {
    return new Uri("file", path, "");
  }
  static parse(text: string): Uri {
    const [, scheme, path, query] = /^([\w-]+):(?:\/\/)?([^?#]*)(?:\?([^#]*))?/.exec(text) ?? [];
    if (!scheme) throw new Error(`no address: ${text}`);
    return new Uri(scheme, decodeURIComponent(path ?? ""), query ?? "");
  }
  static from({ scheme, path, query }: { scheme: string; path: string; query?: string }): Uri {
    return new Uri(scheme, path, query ?? "");
  }
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri(base.scheme, [base.path, ...parts].join("/"), base.query);
  }
  constructor(
    readonly scheme: string,
    readonly path: string,
    readonly query: string,
  ) {}
  readonly authority = "";
  readonly fragment = "";
  get fsPath(): string {
    return this.path;
  }
  toString(): string {
    const host = this.scheme === "file" ? "//" : "";
    return `${this.scheme}:${host}${this.path.split("/").map(encodeURIComponent).join("/")}${this.query && `?${this.query}`}`;
  }
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(a: Position | number, b: Position | number, c?: number, d?: number) {
    this.start = a instanceof Position ? a : new Position(a, b as number);
    this.end = b instanceof Position ? b : new Position(c as number, d as number);
  }
  get isEmpty(): boolean {
    return this.start.line === this.end.line && this.start.character === this.end.character;
  }
}

export class Selection extends Range {}

export class TextEdit {
  static replace(range: Range, newText: string): TextEdit {
    return new TextEdit(range, newText);
  }
  constructor(
    readonly range: Range,
    readonly newText: string,
  ) {}
}

export class WorkspaceEdit {
  private readonly texts = new Map<string, TextEdit[]>();
  set(uri: Uri, edits: readonly (TextEdit | readonly [TextEdit, unknown])[]): void {
    const plain = edits.map((edit) => (edit instanceof TextEdit ? edit : edit[0]));
    this.texts.set(uri.toString(), [...(this.texts.get(uri.toString()) ?? []), ...plain]);
  }
  replace(uri: Uri, range: Range, newText: string): void {
    this.set(uri, [new TextEdit(range, newText)]);
  }
  insert(uri: Uri, at: Position, newText: string): void {
    this.replace(uri, new Range(at, at), newText);
  }
  delete(uri: Uri, range: Range): void {
    this.replace(uri, range, "");
  }
  entries(): [Uri, TextEdit[]][] {
    return [...this.texts].map(([uri, edits]) => [Uri.parse(uri), edits]);
  }
}

export class TabInputTextDiff {
  constructor(
    readonly original: Uri,
    readonly modified: Uri,
  ) {}
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export class CodeActionKind {
  static readonly Empty = new CodeActionKind("");
  constructor(readonly value: string) {}
  append(part: string): CodeActionKind {
    return new CodeActionKind(this.value ? `${this.value}.${part}` : part);
  }
}

export class CodeAction {
  constructor(
    readonly title: string,
    readonly kind?: CodeActionKind,
  ) {}
}
