/** Results that are shown before they count: the document beside what would become of it. */

import * as vscode from "vscode";
import type { FileAnswer } from "./protocol";
import { replacement } from "./replacement";

export const SCHEME = "fastapply-preview";

interface Shown {
  readonly document: vscode.TextDocument;
  readonly version: number;
  readonly merged: string;
}

export class Previews implements vscode.TextDocumentContentProvider {
  private readonly shown = new Map<string, Shown>();
  private count = 0;

  /** The text of a preview; nothing once it is accepted or discarded. */
  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.shown.get(uri.toString())?.merged ?? "";
  }

  /** Shows what the edit that was asked about makes of `document`, which has not changed since. */
  async show(document: vscode.TextDocument, { changes, mergedCode }: FileAnswer): Promise<vscode.Uri> {
    this.count += 1;
    const uri = vscode.Uri.from({ scheme: SCHEME, path: document.uri.path, query: String(this.count) });
    this.shown.set(uri.toString(), { document, version: document.version, merged: mergedCode ?? "" });
    const name = document.uri.path.split("/").at(-1);
    const title = `${name}: +${changes.added} −${changes.removed} (FastApply)`;
    await vscode.commands.executeCommand("vscode.diff", document.uri, uri, title);
    return uri;
  }

  /**
   * Makes the edit that `uri` shows, as one step to undo. Throws where the document has changed since: what was seen
   * is not what would come out.
   */
  async accept(uri: vscode.Uri): Promise<void> {
    const shown = this.shown.get(uri.toString());
    if (!shown) throw new Error("This preview is no longer open.");
    const { document, version, merged } = shown;
    if (document.isClosed || document.version !== version) {
      throw new Error("The file has changed since this preview was made. Nothing was applied; preview it again.");
    }
    const { start, end, text } = replacement(document.getText(), merged);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, new vscode.Range(document.positionAt(start), document.positionAt(end)), text);
    if (!(await vscode.workspace.applyEdit(edit))) throw new Error("The editor did not take the edit.");
    await this.close(uri);
  }

  /** Forgets what `uri` shows and closes it. */
  async close(uri: vscode.Uri): Promise<void> {
    this.shown.delete(uri.toString());
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => shows(tab, uri));
    if (tabs.length) await vscode.window.tabGroups.close(tabs);
  }

  /** Forgets previews whose tabs the person closed. */
  forget(tabs: readonly vscode.Tab[]): void {
    for (const uri of this.shown.keys()) {
      if (tabs.some((tab) => shows(tab, vscode.Uri.parse(uri)))) this.shown.delete(uri);
    }
  }
}

function shows(tab: vscode.Tab, uri: vscode.Uri): boolean {
  return tab.input instanceof vscode.TabInputTextDiff && tab.input.modified.toString() === uri.toString();
}
