/** The commands that merge: what the person has at hand becomes a job, and its outcome is shown or applied. */

import { LSPErrorCodes, ResponseError } from "vscode-languageclient/node";
import * as vscode from "vscode";
import { decided, picks } from "./doubts";
import type { Previews } from "./preview";
import { APPLY, APPLY_MANY, type Answer, type Blocks, type FileAnswer, type Job, type Offered, PREVIEW } from "./protocol";
import { SCHEMES, type Server, isSetUp } from "./server";
import type { Event } from "./status";

/** How long a merge may take before it is shown with a button that cancels it, in milliseconds. */
const PATIENCE = 700;

/** Something is missing that only the person can bring; said as it is, and no failure. */
class Missing extends Error {}

type Source = "selection" | "clipboard" | "saved" | "committed";

const SOURCES: Readonly<Record<Source, string>> = {
  selection: "The selection, pasted into the file that it edits",
  clipboard: "The clipboard",
  saved: "The whole buffer, merged with the saved file",
  committed: "The whole buffer, merged with the committed version",
};

export class Merging {
  constructor(
    private readonly server: Server,
    private readonly previews: Previews,
    private readonly tell: (event: Event) => void,
  ) {}

  async apply(source: Source): Promise<void> {
    const { document, selection } = editor();
    const job = await jobOf(source, document, selection);
    const answer = await this.merged<Answer>(APPLY, job, ({ files: [file] }) => file as FileAnswer);
    if (!answer.applied) void vscode.window.showWarningMessage(answer.message);
    else said(answer.message);
  }

  /** Shows what would come out, unless it is refused or changes nothing. */
  async preview(): Promise<void> {
    const { document, selection } = editor();
    const source = await sourceOf(document, selection);
    if (!source) return;
    const job = await jobOf(source, document, selection);
    const file = await this.merged<FileAnswer>(PREVIEW, job, (answer) => answer);
    if (file.code) return void vscode.window.showWarningMessage(file.message);
    if (file.mergedCode === document.getText()) return said("the edit changes nothing");
    if (document.version !== job.version) throw new Error("The file has changed meanwhile; preview it again.");
    await this.previews.show(document, file);
  }

  /** Applies each fenced block of a chat's answer to the file that it names: all of them, or none. */
  async applyBlocks(): Promise<void> {
    const active = vscode.window.activeTextEditor;
    const text = active?.document.getText(active.selection) || (await vscode.env.clipboard.readText());
    if (!text.trim()) throw new Missing("Select or copy an answer with fenced blocks that name their files.");
    const blocks: Blocks = { text, quiet: true };
    const answer = await this.work((token) => this.server.ask<Answer>(APPLY_MANY, blocks, token));
    this.tell({ kind: answer.applied ? "merged" : "doubt" });
    if (!answer.applied) void vscode.window.showWarningMessage(answer.message);
    else said(answer.message);
  }

  /** The answer of `command` for `job`, with the person's choices where it is in doubt. */
  private merged<T>(command: string, job: Job, fileOf: (answer: T) => FileAnswer): Promise<T> {
    const once = async (one: Job): Promise<T> => {
      const answer = await this.work((token) => this.server.ask<T>(command, one, token));
      this.tell({ kind: fileOf(answer).code ? "doubt" : "merged" });
      return answer;
    };
    return decided(job, once, fileOf, chosen);
  }

  /** Tells that work began, and that it failed. Takes it back where the person loses patience. */
  private async work<T>(what: (token: vscode.CancellationToken) => Promise<T>): Promise<T> {
    await this.server.running();
    const source = new vscode.CancellationTokenSource();
    this.tell({ kind: "began" });
    const working = what(source.token);
    const slow = setTimeout(() => showSlow(working, source), PATIENCE);
    try {
      return await working;
    } catch (error) {
      this.tell(isCancelled(error) ? { kind: "cancelled" } : { kind: "failed", why: (error as Error).message });
      throw error;
    } finally {
      clearTimeout(slow);
      source.dispose();
    }
  }
}

/** A list to choose from; the lines that an entry is about are shown while the person is at it. */
async function chosen(refused: FileAnswer): Promise<Offered | undefined> {
  const shown = vscode.window.activeTextEditor;
  const mark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
  });
  const show = ({ offered: { start, end } }: { offered: Offered }): void => {
    const range = new vscode.Range(start, 0, Math.max(start, end - 1), 0);
    shown?.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    shown?.setDecorations(mark, [range]);
  };
  const title = refused.message;
  const placeHolder = "What is meant? Escape leaves the file as it is.";
  const options = { title, placeHolder, ignoreFocusOut: true, onDidSelectItem: show as (item: unknown) => void };
  try {
    return (await vscode.window.showQuickPick(picks(refused), options))?.offered;
  } finally {
    mark.dispose();
  }
}

function showSlow(working: Promise<unknown>, source: vscode.CancellationTokenSource): void {
  const options = { location: vscode.ProgressLocation.Notification, title: "FastApply: merging", cancellable: true };
  void vscode.window.withProgress(options, async (_, token) => {
    token.onCancellationRequested(() => source.cancel());
    await working.catch(() => undefined);
  });
}

function editor(): vscode.TextEditor {
  const active = vscode.window.activeTextEditor;
  if (!active) throw new Missing("Open the file that the edit is for.");
  if (!SCHEMES.includes(active.document.uri.scheme)) throw new Missing("FastApply edits files of this machine only.");
  return active;
}

async function sourceOf(document: vscode.TextDocument, selection: vscode.Selection): Promise<Source | undefined> {
  const file = document.uri.scheme === "file";
  const fits: Source[] = [
    ...(selection.isEmpty ? [] : (["selection"] as const)),
    ...((await vscode.env.clipboard.readText()).trim() ? (["clipboard"] as const) : []),
    ...(file && document.isDirty ? (["saved"] as const) : []),
    ...(file ? (["committed"] as const) : []),
  ];
  if (!fits.length) throw new Missing("Select the edit in the file, or copy it.");
  const items = fits.map((source) => ({ label: SOURCES[source], source }));
  return (await vscode.window.showQuickPick(items, { placeHolder: "Which edit?" }))?.source;
}

async function jobOf(source: Source, document: vscode.TextDocument, selection: vscode.Selection): Promise<Job> {
  const job: Job = { uri: document.uri.toString(), version: document.version, quiet: true };
  if (source === "selection") {
    if (selection.isEmpty) throw new Missing("Paste the edit into the file that it is for, and select it.");
    return { ...job, source, range: { start: plain(selection.start), end: plain(selection.end) } };
  }
  if (source !== "clipboard") return { ...job, source };
  const snippet = await vscode.env.clipboard.readText();
  if (!snippet.trim()) throw new Missing("The clipboard is empty.");
  return { ...job, snippet };
}

function plain({ line, character }: vscode.Position): { line: number; character: number } {
  return { line, character };
}

function said(what: string): void {
  void vscode.window.setStatusBarMessage(`FastApply: ${what}`, 5000);
}

export function isCancelled(error: unknown): boolean {
  if (error instanceof vscode.CancellationError) return true;
  return error instanceof ResponseError && error.code === LSPErrorCodes.RequestCancelled;
}

/** Tells a person of an error, with what helps. */
export async function report(error: unknown): Promise<void> {
  if (isCancelled(error)) return;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Missing) return void vscode.window.showInformationMessage(message);
  const buttons = isSetUp(error) ? ["Open Settings", "How to Install"] : ["Show Log"];
  const pressed = await vscode.window.showErrorMessage(`FastApply: ${message}`, ...buttons);
  if (pressed === "Open Settings") await vscode.commands.executeCommand("workbench.action.openSettings", "fastapply");
  if (pressed === "Show Log") await vscode.commands.executeCommand("fastapply.showLog");
  if (pressed === "How to Install") await vscode.commands.executeCommand("fastapply.showReadme");
}
