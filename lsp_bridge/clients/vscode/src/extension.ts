/** What VS Code calls: commands, status item and previews tied to a server that starts with the first file. */

import * as vscode from "vscode";
import { Merging, report } from "./merging";
import { Previews, SCHEME } from "./preview";
import { KEY, SCHEMES, Server, wordsOf } from "./server";
import { AT_FIRST, type Event, look, next } from "./status";

const MENU = ["applySelection", "applyClipboard", "previewEdit", "applyBlocks", "mergeSaved", "mergeCommitted"];
const MENU_OF_THE_SERVER = ["setKey", "showLog", "restart"];

let running: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("FastApply", { log: true });
  const tell = statusItem(context);
  const server = (running = new Server(context.secrets, log, tell));
  const previews = new Previews();
  context.subscriptions.push(
    log,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, previews),
    vscode.window.tabGroups.onDidChangeTabs(({ closed }) => previews.forget(closed)),
  );
  addCommands(context, commandsOf(context, server, previews, new Merging(server, previews, tell), log));
  restartOnChanges(context, server, log);
  startWithTheFirstFile(context, server, log);
}

export async function deactivate(): Promise<void> {
  await running?.stop();
  running = undefined;
}

type Commands = Readonly<Record<string, (uri?: vscode.Uri) => unknown>>;

function commandsOf(
  context: vscode.ExtensionContext,
  server: Server,
  previews: Previews,
  merging: Merging,
  log: vscode.LogOutputChannel,
): Commands {
  return {
    applySelection: () => merging.apply("selection"),
    applyClipboard: () => merging.apply("clipboard"),
    mergeSaved: () => merging.apply("saved"),
    mergeCommitted: () => merging.apply("committed"),
    previewEdit: () => merging.preview(),
    applyBlocks: () => merging.applyBlocks(),
    acceptPreview: (uri) => previews.accept(previewOf(uri)),
    discardPreview: (uri) => previews.close(previewOf(uri)),
    setKey: () => setKey(context.secrets),
    showLog: () => log.show(),
    showReadme: () => showReadme(context),
    restart: () => server.restart(),
    menu: () => showMenu(context),
  };
}

/** Registers them. What one throws is told to the person; what it gives, to who called it. */
function addCommands(context: vscode.ExtensionContext, commands: Commands): void {
  for (const [name, run] of Object.entries(commands)) {
    const guarded = async (uri?: vscode.Uri): Promise<unknown> => {
      try {
        return await run(uri);
      } catch (error) {
        void report(error);
        return undefined;
      }
    };
    context.subscriptions.push(vscode.commands.registerCommand(`fastapply.${name}`, guarded));
  }
}

function statusItem(context: vscode.ExtensionContext): (event: Event) => void {
  const item = vscode.window.createStatusBarItem("fastapply.status", vscode.StatusBarAlignment.Right);
  item.name = "FastApply";
  item.command = "fastapply.menu";
  context.subscriptions.push(item);
  let status = AT_FIRST;
  const show = (): void => {
    const { text, tooltip, alarming } = look(status);
    const backgroundColor = alarming ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    Object.assign(item, { text, tooltip, backgroundColor });
    item.show();
  };
  show();
  return (event) => {
    status = next(status, event);
    show();
  };
}

/** Code actions need a server that knows the file, so it starts with the first one; not with the window. */
function startWithTheFirstFile(context: vscode.ExtensionContext, server: Server, log: vscode.LogOutputChannel): void {
  const start = (document: vscode.TextDocument): void => {
    if (!SCHEMES.includes(document.uri.scheme)) return;
    waiting.dispose();
    // Nobody asked yet: the status item says it, and the log.
    server.running().catch((error: unknown) => log.error(wordsOf(error)));
  };
  const waiting = vscode.workspace.onDidOpenTextDocument(start);
  context.subscriptions.push(waiting);
  const open = vscode.workspace.textDocuments.find(({ uri }) => SCHEMES.includes(uri.scheme));
  if (open) start(open);
}

function restartOnChanges(context: vscode.ExtensionContext, server: Server, log: vscode.LogOutputChannel): void {
  const again = (why: string): void => {
    log.info(`Restarting: ${why}`);
    server.restart().catch(report);
  };
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((change) => {
      const ours = ["server", "warmUp", "diagnostics"].some((one) => change.affectsConfiguration(`fastapply.${one}`));
      if (ours) again("the settings changed");
    }),
    context.secrets.onDidChange(({ key }) => key === KEY && again("the key changed")),
    vscode.workspace.onDidGrantWorkspaceTrust(() => again("the folder is trusted now")),
  );
}

function previewOf(uri: vscode.Uri | undefined): vscode.Uri {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const shown = uri ?? (input instanceof vscode.TabInputTextDiff ? input.modified : undefined);
  if (shown?.scheme !== SCHEME) throw new Error("This is no preview of FastApply.");
  return shown;
}

/** Keeps the key where the system keeps secrets; an empty one is forgotten. */
async function setKey(secrets: vscode.SecretStorage): Promise<void> {
  const prompt = "Key of the service in fastapply.server.url; empty to forget it";
  const key = await vscode.window.showInputBox({ password: true, prompt, ignoreFocusOut: true });
  if (key === undefined) return;
  await (key ? secrets.store(KEY, key) : secrets.delete(KEY));
}

async function showReadme(context: vscode.ExtensionContext): Promise<void> {
  const readme = vscode.Uri.joinPath(context.extensionUri, "readme.md");
  await vscode.commands.executeCommand("markdown.showPreview", readme);
}

async function showMenu(context: vscode.ExtensionContext): Promise<void> {
  const all: { command: string; title: string }[] = context.extension.packageJSON.contributes.commands;
  const items = [...MENU, ...MENU_OF_THE_SERVER].flatMap((name) => {
    const found = all.find(({ command }) => command === `fastapply.${name}`);
    return found ? [{ label: found.title, command: found.command }] : [];
  });
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: "FastApply" });
  if (chosen) await vscode.commands.executeCommand(chosen.command);
}
