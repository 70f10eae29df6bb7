/** The commands that merge: what the person has at hand becomes a job, and its outcome is shown or applied. */

import { LSPErrorCodes, ResponseError } from "vscode-languageclient/node";
import * as vscode from "vscode";
import { type Ask, decided, picks, told } from "./doubts";
import type { Previews } from "./preview";
import { APPLY, APPLY_MANY, type Job, type Many, type Outcome, PREVIEW } from "./protocol";
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

  async apply(source: Source): Promise<Outcome | undefined> {
    const { document, selection } = editor();
    const job = await jobOf(source, document, selection);
    const outcome = await this.merge(APPLY, job);
    if (outcome.status === "doubt") void vscode.window.showWarningMessage(told(outcome.doubts));
    else if (outcome.status === "unchanged") said("The edit changes nothing.");
    else if (!outcome.applied) throw new Error(outcome.failureReason || "The editor did not take the edit.");
    return outcome;
  }

  /** Shows what would come out. Returns the preview's address. */
  async preview(given?: Source): Promise<vscode.Uri | undefined> {
    const { document, selection } = editor();
    const source = given ?? (await sourceOf(document, selection));
    if (!source) return undefined;
    const job = await jobOf(source, document, selection);
    const outcome = await this.merge(PREVIEW, job);
    if (outcome.status === "doubt") void vscode.window.showWarningMessage(told(outcome.doubts));
    if (outcome.status === "unchanged") said("The edit changes nothing.");
    if (outcome.status !== "merged") return undefined;
    if (document.version !== job.version) throw new Error("The file has changed meanwhile; preview it again.");
    return this.previews.show(document, outcome);
  }

  /** Applies each fenced block of a chat answer to the file that it names: all of them or none. */
  async applyBlocks(): Promise<Many | undefined> {
    const selected = vscode.window.activeTextEditor;
    const marked = selected && selected.document.getText(selected.selection);
    const text = marked || (await vscode.env.clipboard.readText());
    if (!text.trim()) throw new Missing("Select or copy an answer with fenced blocks that name their files.");
    const many = await this.work((token) => this.server.ask<Many>(APPLY_MANY, { text }, token));
    const doubtful = many.files.filter((file) => file.status === "doubt");
    this.tell({ kind: doubtful.length ? "doubt" : "merged" });
    const names = doubtful.map((file) => vscode.workspace.asRelativePath(vscode.Uri.parse(file.uri)));
    if (names.length) void vscode.window.showWarningMessage(`Nothing applied; in doubt: ${names.join(", ")}.`);
    else if (!many.applied) throw new Error(many.failureReason || "The editor did not take the edits.");
    return many;
  }

  private async merge(command: string, job: Job): Promise<Outcome> {
    const ask: Ask = async (doubt) => {
      const placeHolder = `${doubt.message} – which is meant?`;
      return (await vscode.window.showQuickPick(picks(doubt), { placeHolder, ignoreFocusOut: true }))?.choice;
    };
    const once = async (one: Job) => {
      const outcome = await this.work((token) => this.server.ask<Outcome>(command, one, token));
      this.tell({ kind: outcome.status === "doubt" ? "doubt" : "merged" });
      return outcome;
    };
    return decided(job, once, ask);
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
  const job: Job = { uri: document.uri.toString(), version: document.version };
  if (source === "selection") {
    if (selection.isEmpty) throw new Missing("Paste the edit into the file that it is for, and select it.");
    return { ...job, range: { start: plain(selection.start), end: plain(selection.end) } };
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
