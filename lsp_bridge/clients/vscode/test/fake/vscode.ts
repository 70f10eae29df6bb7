/** As much of VS Code's interface as activates the extension and lets it work, with what a person would see and press. */

import { Document } from "./document";
import * as values from "./values";

const { Disposable, EventEmitter, TabInputTextDiff, Uri } = values;

type Command = (...args: unknown[]) => unknown;

/** A class for each name that is only derived from, or made for other features. */
const DERIVED = [
  "CallHierarchyItem", "CodeLens", "CompletionItem", "Diagnostic", "DocumentLink", "InlayHint", "SymbolInformation",
  "TypeHierarchyItem",
]; // prettier-ignore

export class Editor {
  readonly commands = new Map<string, Command>();
  readonly secrets = new Map<string, string>();
  readonly messages: string[] = [];
  /** What the status bar said for a moment. */
  readonly said: string[] = [];
  readonly status = { text: "", tooltip: "", command: "" };
  readonly documents: Document[] = [];
  /** Address of the right side of each comparison that is shown. */
  readonly previews: values.Uri[] = [];
  readonly logged: string[] = [];
  settings: Record<string, unknown> = {};
  clipboard = "";
  folders: { uri: values.Uri; name: string; index: number }[] | undefined;
  trusted = true;
  active: { document: Document; selection: values.Selection; revealRange(): void; setDecorations(): void } | undefined;
  /** Answers for the next lists, messages and input boxes, in order; when none is left, the person leaves. */
  presses: ((items: readonly { label: string }[]) => unknown)[] = [];

  readonly opened = new EventEmitter<Document>();
  readonly closed = new EventEmitter<Document>();
  readonly configured = new EventEmitter<{ affectsConfiguration(name: string): boolean }>();
  readonly secret = new EventEmitter<{ key: string }>();
  readonly trust = new EventEmitter<void>();
  private readonly providers = new Map<string, { provideTextDocumentContent(uri: values.Uri): string }>();

  open(uri: values.Uri, text: string, languageId: string): Document {
    const document = new Document(uri, text, languageId);
    this.documents.push(document);
    this.show(document);
    this.opened.fire(document);
    return document;
  }

  /** Makes `document` the active one, with `selected` selected in it: what is there once, or nothing. */
  show(document: Document, selected?: string): void {
    const selection = selected ? document.select(selected) : new values.Selection(0, 0, 0, 0);
    this.active = { document, selection, revealRange: () => {}, setDecorations: () => {} };
  }

  run(name: string, ...args: unknown[]): Promise<unknown> {
    const command = this.commands.get(name);
    if (!command) throw new Error(`no command ${name}`);
    return Promise.resolve(command(...args));
  }

  /** The text on the right side of a comparison. */
  previewed(uri: values.Uri): string {
    return this.providers.get(uri.scheme)?.provideTextDocumentContent(uri) ?? "";
  }

  private press(items: readonly { label: string }[]): unknown {
    return this.presses.shift()?.(items);
  }

  private message = async (text: string, ...buttons: unknown[]): Promise<unknown> => {
    this.messages.push(text);
    const labels = buttons.filter((one) => typeof one === "string").map((label) => ({ label }));
    return labels.length ? this.press(labels) : undefined;
  };

  private async applyEdit(edit: values.WorkspaceEdit): Promise<boolean> {
    for (const [uri, edits] of edit.entries()) {
      const found = this.documents.find((one) => one.uri.toString() === uri.toString());
      if (!found) return false;
      found.edit(edits);
    }
    return true;
  }

  /** What `require("vscode")` gives. */
  api(): object {
    return {
      ...values,
      ...Object.fromEntries(DERIVED.map((name) => [name, class {}])),
      ...enums(),
      version: "1.91.0",
      env: { language: "en", appName: "a fake", clipboard: { readText: async () => this.clipboard } },
      commands: this.commandsApi(),
      languages: this.languagesApi(),
      window: this.windowApi(),
      workspace: this.workspaceApi(),
    };
  }

  context(folder: string, packageJSON: object): object {
    const secrets = {
      get: async (key: string) => this.secrets.get(key),
      store: async (key: string, value: string) => (this.secrets.set(key, value), this.secret.fire({ key })),
      delete: async (key: string) => (this.secrets.delete(key), this.secret.fire({ key })),
      onDidChange: this.secret.event,
    };
    return { subscriptions: [], secrets, extensionUri: Uri.file(folder), extension: { packageJSON } };
  }

  private commandsApi(): object {
    return {
      registerCommand: (name: string, command: Command) => {
        if (this.commands.has(name)) throw new Error(`command '${name}' already exists`);
        this.commands.set(name, command);
        return new Disposable(() => this.commands.delete(name));
      },
      executeCommand: async (name: string, ...args: unknown[]) => {
        if (name === "vscode.diff") this.previews.push(args[1] as values.Uri);
        else return this.run(name, ...args);
        return undefined;
      },
    };
  }

  private languagesApi(): object {
    const match = (selector: { scheme?: string } | { scheme?: string }[], document: Document): number => {
      return [selector].flat().some(({ scheme }) => !scheme || scheme === document.uri.scheme) ? 10 : 0;
    };
    const collection = { set: () => {}, delete: () => {}, clear: () => {}, dispose: () => {} };
    const known = { match, createDiagnosticCollection: () => collection };
    return withRegistrations(known);
  }

  private windowApi(): object {
    const editor = this;
    const tabs = (): object[] => this.previews.map((uri) => ({ input: new TabInputTextDiff(uri, uri) }));
    const log = (text: string): number => this.logged.push(text);
    return {
      get activeTextEditor() {
        return editor.active;
      },
      visibleTextEditors: [],
      createOutputChannel: (name: string) => {
        const channel = { name, append: log, appendLine: log, info: log, error: log, warn: log, debug: log, trace: log };
        return { ...channel, show: () => {}, dispose: () => {}, onDidChangeLogLevel: new EventEmitter().event, logLevel: 3 };
      },
      createTextEditorDecorationType: () => ({ dispose: () => {} }),
      createStatusBarItem: () => Object.assign(this.status, { show: () => {}, dispose: () => {} }),
      setStatusBarMessage: (text: string) => this.said.push(text),
      showErrorMessage: this.message,
      showInformationMessage: this.message,
      showWarningMessage: this.message,
      showInputBox: async () => this.press([]),
      showQuickPick: async (items: { label: string }[]) => this.press(items),
      withProgress: (_: unknown, task: Command) => task({}, new values.CancellationTokenSource().token),
      onDidChangeActiveTextEditor: new EventEmitter().event,
      onDidChangeVisibleTextEditors: new EventEmitter().event,
      tabGroups: {
        onDidChangeTabs: new EventEmitter().event,
        onDidChangeTabGroups: new EventEmitter().event,
        get all() {
          return [{ tabs: tabs() }];
        },
        get activeTabGroup() {
          return { activeTab: tabs().at(-1) };
        },
        close: async (gone: { input: values.TabInputTextDiff }[]) => {
          for (const { input } of gone) editor.previews.splice(editor.previews.indexOf(input.modified), 1);
        },
      },
    };
  }

  private workspaceApi(): object {
    const editor = this;
    const never = (): unknown => new Disposable(() => {});
    return {
      get isTrusted() {
        return editor.trusted;
      },
      get workspaceFolders() {
        return editor.folders;
      },
      textDocuments: this.documents,
      notebookDocuments: [],
      getConfiguration: (section = "") => ({
        get: (name: string, otherwise: unknown) => this.settings[[section, name].join(".")] ?? otherwise,
      }),
      getWorkspaceFolder: () => undefined,
      asRelativePath: (uri: values.Uri) => uri.path,
      applyEdit: (edit: values.WorkspaceEdit) => this.applyEdit(edit),
      registerTextDocumentContentProvider: (scheme: string, provider: never) => {
        this.providers.set(scheme, provider);
        return never();
      },
      onDidOpenTextDocument: this.opened.event,
      onDidCloseTextDocument: this.closed.event,
      onDidChangeTextDocument: Document.changed.event,
      onDidChangeConfiguration: this.configured.event,
      onDidGrantWorkspaceTrust: this.trust.event,
      ...Object.fromEntries(UNUSED_EVENTS.map((name) => [name, never])),
    };
  }
}

const UNUSED_EVENTS = [
  "onWillSaveTextDocument", "onDidSaveTextDocument", "onDidChangeWorkspaceFolders", "onDidOpenNotebookDocument",
  "onDidChangeNotebookDocument", "onDidSaveNotebookDocument", "onDidCloseNotebookDocument", "onDidCreateFiles",
  "onDidRenameFiles", "onDidDeleteFiles", "onWillCreateFiles", "onWillRenameFiles", "onWillDeleteFiles",
]; // prettier-ignore

/** Anything that is registered goes nowhere: these tests ask the extension's own commands. */
function withRegistrations(known: object): object {
  const registered = () => new Disposable(() => {});
  return new Proxy(known, {
    get: (target, name) => Reflect.get(target, name) ?? (String(name).startsWith("register") ? registered : undefined),
  });
}

function enums(): object {
  return {
    DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
    DiagnosticTag: { Unnecessary: 1, Deprecated: 2 },
    LogLevel: { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 },
    ProgressLocation: { SourceControl: 1, Window: 10, Notification: 15 },
    StatusBarAlignment: { Left: 1, Right: 2 },
    SymbolTag: { Deprecated: 1 },
    CompletionItemTag: { Deprecated: 1 },
    TextEditorRevealType: { InCenterIfOutsideViewport: 2 },
    TextDocumentSaveReason: { Manual: 1, AfterDelay: 2, FocusOut: 3 },
  };
}

