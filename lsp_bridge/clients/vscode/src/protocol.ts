/** What the server's commands take and give, as docs/editors.md has it. */

import type { Range, WorkspaceEdit } from "vscode-languageclient/node";

export const APPLY = "fastapply.apply";
export const PREVIEW = "fastapply.preview";
export const APPLY_MANY = "fastapply.applyMany";

/** One edit of one file. What is left out of `snippet`, `range` and `source` says where the edit comes from. */
export interface Job {
  readonly uri: string;
  /** The version of the document that the person saw: where the server's is newer, it refuses. */
  readonly version: number;
  readonly snippet?: string;
  /** Where the snippet stands in the file itself; it is taken out of there. */
  readonly range?: Range;
  /** The whole buffer is the snippet, and this version of the file the original. */
  readonly source?: "saved" | "committed";
  /** Opaque values of earlier doubts. */
  readonly choices?: readonly unknown[];
}

export interface Choice {
  readonly title: string;
  readonly choice: unknown;
  /** The lines of the file that it is about. */
  readonly range?: Range;
}

export interface Doubt {
  readonly kind: string;
  readonly message: string;
  readonly hint: string;
  readonly choices: readonly Choice[];
}

export interface Outcome {
  readonly status: "merged" | "unchanged" | "doubt";
  readonly uri: string;
  readonly version: number | null;
  readonly changes: { readonly added: number; readonly removed: number };
  readonly doubts: readonly Doubt[];
  /** Of `preview` only: the whole file after it, and what makes it of the buffer. */
  readonly text?: string;
  readonly edit?: WorkspaceEdit;
  /** Of `apply` only: did the editor take it, and if not, why. */
  readonly applied?: boolean;
  readonly failureReason?: string;
}

export interface Many {
  readonly applied: boolean;
  readonly failureReason?: string;
  readonly files: readonly Outcome[];
}
