/** The bundle that is shipped, in a fake editor, with the real program: FASTAPPLY_COMMAND is its command line as JSON. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Module from "node:module";
import path from "node:path";
import test, { type TestContext } from "node:test";
import { Editor } from "./fake/vscode";
import { Uri } from "./fake/values";

const ROOT = path.join(__dirname, "..");
const COMMAND: string[] = JSON.parse(process.env["FASTAPPLY_COMMAND"] ?? '["fastapply", "lsp"]');
const ABOUT = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));

interface Extension {
  activate(context: object): void;
  deactivate(): Promise<void>;
}

/** A fake editor with the extension active. Each has a copy of the bundle, which keeps its server to itself. */
function started(t: TestContext, change: (editor: Editor) => void = () => {}): Editor {
  const editor = new Editor();
  editor.settings = { "fastapply.server.path": COMMAND[0], "fastapply.server.args": COMMAND.slice(1) };
  change(editor);
  const extension = withVscode(editor.api(), () => load());
  extension.activate(editor.context(ROOT, ABOUT));
  t.after(() => extension.deactivate());
  return editor;
}

function load(): Extension {
  const file = path.join(ROOT, "dist/extension.js");
  delete require.cache[file];
  return require(file);
}

function withVscode<T>(api: object, run: () => T): T {
  const node = Module as unknown as { _load(name: string, ...rest: unknown[]): unknown };
  const before = node._load;
  node._load = (name, ...rest) => (name === "vscode" ? api : before.call(Module, name, ...rest));
  try {
    return run();
  } finally {
    node._load = before;
  }
}

test("every command of the manifest is registered, and shown in no other way", (t) => {
  const editor = started(t);
  const named: string[] = ABOUT.contributes.commands.map(({ command }: { command: string }) => command);
  assert.deepEqual(named.filter((command) => !editor.commands.has(command)), []);
  assert.deepEqual([...editor.commands.keys()].filter((command) => !named.includes(command)), ["fastapply.showReadme"]);
});

test("nothing is started before a file is open", (t) => {
  const editor = started(t);
  assert.match(editor.status.tooltip, /not running/);
  assert.deepEqual(editor.logged, []);
});

test("a program that is not there is said so, with the way to the settings", async (t) => {
  const editor = started(t, (one) => (one.settings["fastapply.server.path"] = "/nowhere/fastapply"));
  const opened: unknown[] = [];
  editor.commands.set("workbench.action.openSettings", (what) => opened.push(what));
  editor.open(Uri.file("/tmp/a.py"), "a = 1\n", "python");
  editor.clipboard = "a = 2\n";
  editor.presses = [(buttons) => buttons[0]?.label];
  await editor.run("fastapply.applyClipboard");
  await new Promise(setImmediate);
  assert.match(editor.messages.join(), /no program “\/nowhere\/fastapply”/);
  assert.deepEqual(opened, ["fastapply"]);
  assert.match(editor.status.tooltip, /failed/);
});

test("a program in a folder that is not trusted is not started", async (t) => {
  const editor = started(t, (one) => {
    one.trusted = false;
    one.settings["fastapply.server.path"] = "${workspaceFolder}/evil";
  });
  await editor.run("fastapply.restart");
  assert.match(editor.messages.join(), /not trusted/);
});
