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

/** The extension that was activated last. */
let active: Extension | undefined;

/** A fake editor with the extension active. Each has a copy of the bundle, which keeps its server to itself. */
function started(t: TestContext, change: (editor: Editor) => void = () => {}): Editor {
  const editor = new Editor();
  editor.settings = { "fastapply.server.path": COMMAND[0], "fastapply.server.args": COMMAND.slice(1) };
  change(editor);
  const extension = (active = withVscode(editor.api(), load));
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

const FILE = "def one():\n    return 1\n\n\ndef two():\n    return '\u{1F600}'\n";
const EDIT = "# ... existing code ...\ndef two():\n    return 22\n";
const MERGED = "def one():\n    return 1\n\n\ndef two():\n    return 22\n";

test("a snippet that is pasted and selected is merged into the rest, and taken back in one step", async (t) => {
  const editor = started(t);
  const document = editor.open(Uri.file("/tmp/a.py"), FILE + EDIT, "python");
  editor.active = { document, selection: document.select(EDIT) };
  await editor.run("fastapply.applySelection");
  assert.deepEqual(editor.messages, []);
  assert.equal(document.getText(), MERGED);
  assert.match(editor.status.tooltip, /ready/);
  document.undo();
  assert.equal(document.getText(), FILE + EDIT);
});

test("the clipboard is merged into the file, as the editor shows it", async (t) => {
  const editor = started(t);
  const document = editor.open(Uri.file("/tmp/a.py"), FILE, "python");
  editor.clipboard = EDIT;
  document.edit([{ range: document.select("return 1"), newText: "return 11" }]);
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), MERGED.replace("return 1", "return 11"));
});

test("a buffer that was never saved is merged into as well", async (t) => {
  const editor = started(t);
  const document = editor.open(Uri.from({ scheme: "untitled", path: "Untitled-1" }), FILE, "python");
  editor.clipboard = EDIT;
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), MERGED);
});

test("a preview changes nothing until it is accepted", async (t) => {
  const { editor, document, preview } = await previewed(t);
  assert.equal(editor.previewed(preview), MERGED);
  assert.equal(document.getText(), FILE);
  await editor.run("fastapply.acceptPreview", preview);
  assert.equal(document.getText(), MERGED);
  assert.deepEqual(editor.previews, []);
  document.undo();
  assert.equal(document.getText(), FILE);
});

test("a preview that is discarded leaves no trace", async (t) => {
  const { editor, document, preview } = await previewed(t);
  await editor.run("fastapply.discardPreview");
  assert.deepEqual(editor.previews, []);
  assert.equal(editor.previewed(preview), "");
  assert.equal(document.getText(), FILE);
  await editor.run("fastapply.acceptPreview", preview);
  assert.match(editor.messages.join(), /no longer open/);
  assert.equal(document.getText(), FILE);
});

test("a preview of a file that has changed since is refused", async (t) => {
  const { editor, document, preview } = await previewed(t);
  document.edit([{ range: document.select("one"), newText: "uno" }]);
  await editor.run("fastapply.acceptPreview", preview);
  assert.match(editor.messages.join(), /has changed since/);
  assert.equal(document.getText(), FILE.replace("one", "uno"));
});

/** A file with the preview of the edit in the clipboard. */
async function previewed(t: TestContext) {
  const editor = started(t);
  const document = editor.open(Uri.file("/tmp/a.py"), FILE, "python");
  editor.clipboard = EDIT;
  editor.presses = [(items) => items.find(({ label }) => label === "The clipboard")];
  await editor.run("fastapply.previewEdit");
  assert.deepEqual(editor.messages, []);
  const [preview] = editor.previews;
  assert.ok(preview);
  return { editor, document, preview };
}

test("with nothing selected, nothing is done, and what is missing is said", async (t) => {
  const editor = started(t);
  const document = editor.open(Uri.file("/tmp/a.py"), FILE, "python");
  await editor.run("fastapply.applySelection");
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), FILE);
  assert.match(editor.messages[0] ?? "", /select it/);
  assert.match(editor.messages[1] ?? "", /clipboard is empty/);
});

test("a program that ends is started again, and knows the file as it is", async (t) => {
  const editor = started(t);
  const document = editor.open(Uri.file("/tmp/a.py"), FILE, "python");
  await until(() => editor.status.tooltip.includes("ready"));
  document.edit([{ range: document.select("return 1"), newText: "return 11" }]);
  const [first] = children();
  assert.ok(first);
  process.kill(first, "SIGKILL");
  await until(() => !children().includes(first) && editor.status.tooltip.includes("ready"));
  editor.clipboard = EDIT;
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), MERGED.replace("return 1", "return 11"));
});

test("a program that ends at once is said so, and tried again on the next command", async (t) => {
  const editor = started(t, (one) => (one.settings["fastapply.server.path"] = "/bin/false"));
  await editor.run("fastapply.restart");
  assert.match(editor.status.tooltip, /failed/);
  editor.settings["fastapply.server.path"] = COMMAND[0];
  const document = editor.open(Uri.file("/tmp/a.py"), FILE, "python");
  editor.clipboard = EDIT;
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), MERGED);
});

test("the program ends with the extension", async (t) => {
  const editor = started(t);
  editor.open(Uri.file("/tmp/a.py"), FILE, "python");
  await until(() => editor.status.tooltip.includes("ready"));
  assert.notDeepEqual(children(), []);
  await active?.deactivate();
  await until(() => children().length === 0);
});

test("a change of the key or of the settings starts it anew", async (t) => {
  const editor = started(t);
  editor.open(Uri.file("/tmp/a.py"), FILE, "python");
  await until(() => editor.status.tooltip.includes("ready"));
  const [first] = children();
  editor.presses = [() => "a key"];
  await editor.run("fastapply.setKey");
  assert.equal(editor.secrets.get("fastapply.key"), "a key");
  await until(() => children().length === 1 && !children().includes(first ?? 0) && /ready/.test(editor.status.tooltip));
  const [second] = children();
  editor.configured.fire({ affectsConfiguration: (name) => name === "fastapply.server" });
  await until(() => children().length === 1 && !children().includes(second ?? 0) && /ready/.test(editor.status.tooltip));
  assert.ok(!editor.logged.join().includes("a key"));
});

/** Processes that this one started and that still run. */
function children(): number[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!holds()) {
    assert.ok(Date.now() < end, "it never came to hold");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
