/** What the server's commands take and give, as docs/editors.md has it. */

import type { Range } from "vscode-languageclient/node";

export const APPLY = "fastapply.apply";
export const PREVIEW = "fastapply.preview";
export const APPLY_MANY = "fastapply.applyMany";

/** One edit of one file: a snippet, or where the server finds it. */
export interface Job {
  readonly uri: string;
  /** The version of the document that the person saw: where the server knows a newer one, it refuses. */
  readonly version: number;
  readonly snippet?: string;
  /** The selection at `range` is an edit of the rest; or the whole buffer is one of another version of the file. */
  readonly source?: "selection" | "saved" | "committed";
  readonly range?: Range;
  /** What was chosen about earlier doubts. */
  readonly choices?: readonly unknown[];
  /** Nothing is shown or asked by the server: this is done here. */
  readonly quiet: true;
}

/** One way to settle a doubt. `choice` goes back as it came; the lines are those of the document, counted from 0. */
export interface Offered {
  readonly title: string;
  readonly choice: unknown;
  readonly start: number;
  readonly end: number;
}

/** What became of one edit. `code` and `message` say why where it is not merged. */
export interface FileAnswer {
  readonly uri: string;
  readonly message: string;
  readonly code: string | null;
  readonly changes: { readonly added: number; readonly removed: number };
  readonly choices: readonly Offered[];
  /** Of a preview only. */
  readonly mergedCode: string | null;
}

/** What became of a command: applied all of it, or nothing. */
export interface Answer {
  readonly applied: boolean;
  readonly message: string;
  readonly files: readonly FileAnswer[];
}

/** An answer of a chat, with fenced blocks that name their files. */
export interface Blocks {
  readonly text: string;
  readonly quiet: true;
}
