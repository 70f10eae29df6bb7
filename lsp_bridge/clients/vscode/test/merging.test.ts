/** What the commands do to files, with one program for all. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after, beforeEach } from "node:test";
import type { Document } from "./fake/document";
import { started } from "./fake/extension";
import { Uri } from "./fake/values";

const FILE = "def one():\n    return 1\n\n\ndef two():\n    return '\u{1F600}'\n";
const EDIT = "# ... existing code ...\ndef two():\n    return 22\n";
const MERGED = "def one():\n    return 1\n\n\ndef two():\n    return 22\n";
const FLOATING = "# ... existing code ...\ndef three():\n    return 3\n# ... existing code ...\n";

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "vscode-")));
const { editor, stop } = started((one) => (one.folders = [{ uri: Uri.file(folder), name: "shop", index: 0 }]));
after(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

let number = 0;

/** A file of the folder, saved and open. */
function opened(text: string, name = `file${(number += 1)}.py`): Document {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return editor.open(Uri.file(file), text, "python");
}

beforeEach(() => {
  editor.messages.length = editor.said.length = editor.previews.length = 0;
  editor.presses = [];
  editor.clipboard = "";
});

test("a snippet that is pasted and selected is merged into the rest, and taken back in one step", async () => {
  const document = opened(FILE + EDIT);
  editor.show(document, EDIT);
  await editor.run("fastapply.applySelection");
  assert.deepEqual(editor.messages, []);
  assert.equal(document.getText(), MERGED);
  assert.match(editor.said.join(), /1 lines? added, 1 removed/);
  document.undo();
  assert.equal(document.getText(), FILE + EDIT);
});

test("the clipboard is merged into the file as the editor shows it, emoji, CRLF and all", async () => {
  const document = opened(FILE.replaceAll("\n", "\r\n"));
  document.edit([{ range: document.select("return 1"), newText: "return '\u{1F600}' + 1" }]);
  editor.clipboard = EDIT;
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), MERGED.replace("return 1", "return '\u{1F600}' + 1").replaceAll("\n", "\r\n"));
});

test("a buffer that was never saved is merged into as well", async () => {
  const document = editor.open(Uri.from({ scheme: "untitled", path: "Untitled-1" }), FILE, "python");
  editor.clipboard = EDIT;
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), MERGED);
});

test("a buffer that was overwritten with an edit is merged with the saved file", async () => {
  const document = opened(FILE);
  document.edit([{ range: document.select(FILE), newText: EDIT }]);
  await editor.run("fastapply.mergeSaved");
  assert.equal(document.getText(), MERGED);
});

test("... and with the committed version", async () => {
  const document = opened(FILE, "committed/a.py");
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  const git = (...args: string[]) => execFileSync("git", args, { cwd: path.join(folder, "committed"), env });
  git("init", "--quiet");
  git("add", "a.py");
  git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=a");
  writeFileSync(path.join(folder, "committed/a.py"), EDIT);
  document.edit([{ range: document.select(FILE), newText: EDIT }]);
  await editor.run("fastapply.mergeCommitted");
  assert.equal(document.getText(), MERGED);
});

test("where Git knows no version, that is said and nothing done", async () => {
  const document = opened(FILE);
  await editor.run("fastapply.mergeCommitted");
  assert.match(editor.messages.join(), /no committed version/);
  assert.match(editor.status.tooltip, /failed/);
  assert.equal(document.getText(), FILE);
});

test("a preview changes nothing until it is accepted, and is one step to undo", async () => {
  const { document, preview } = await previewed();
  assert.equal(editor.previewed(preview), MERGED);
  assert.equal(document.getText(), FILE);
  await editor.run("fastapply.acceptPreview", preview);
  assert.equal(document.getText(), MERGED);
  assert.deepEqual(editor.previews, []);
  document.undo();
  assert.equal(document.getText(), FILE);
});

test("a preview that is discarded leaves no trace", async () => {
  const { document, preview } = await previewed();
  await editor.run("fastapply.discardPreview");
  assert.deepEqual(editor.previews, []);
  assert.equal(editor.previewed(preview), "");
  await editor.run("fastapply.acceptPreview", preview);
  assert.match(editor.messages.join(), /no longer open/);
  assert.equal(document.getText(), FILE);
});

test("a preview of a file that has changed since is refused", async () => {
  const { document, preview } = await previewed();
  document.edit([{ range: document.select("one"), newText: "uno" }]);
  await editor.run("fastapply.acceptPreview", preview);
  assert.match(editor.messages.join(), /has changed since/);
  assert.equal(document.getText(), FILE.replace("one", "uno"));
});

async function previewed() {
  const document = opened(FILE);
  editor.clipboard = EDIT;
  editor.presses = [(items) => items.find(({ label }) => label === "The clipboard")];
  await editor.run("fastapply.previewEdit");
  assert.deepEqual(editor.messages, []);
  const [preview] = editor.previews;
  assert.ok(preview);
  return { document, preview };
}

test("where an edit is in doubt, the one that is chosen from the list is applied", async () => {
  const document = opened(FILE);
  editor.clipboard = FLOATING;
  let seen: string[] = [];
  editor.presses = [(items) => ((seen = items.map(({ label }) => label)), items.find(({ label }) => /line 5/.test(label)))];
  await editor.run("fastapply.applyClipboard");
  assert.ok(seen.length > 1, seen.join());
  assert.deepEqual(editor.messages, []);
  assert.match(document.getText(), /return 1\n+def three\(\):\n    return 3\n+def two/);
  assert.match(editor.status.tooltip, /ready/);
});

test("whoever leaves the list leaves the file, and is told why", async () => {
  const document = opened(FILE);
  editor.clipboard = FLOATING;
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), FILE);
  assert.match(editor.messages.join(), /can't be decided/);
  assert.match(editor.status.tooltip, /in doubt/);
});

test("a preview asks as well", async () => {
  const document = opened(FILE);
  editor.clipboard = FLOATING;
  editor.presses = [(items) => items[0], (items) => items[0]];
  await editor.run("fastapply.previewEdit");
  const [preview] = editor.previews;
  assert.ok(preview);
  assert.match(editor.previewed(preview), /def three/);
  assert.equal(document.getText(), FILE);
});

test("the blocks of an answer go to the files that they name, all of them", async () => {
  const [a, b] = [opened("a = 1\nb = 2\n", "many/a.py"), opened("c = 1\nd = 2\n", "many/b.py")];
  editor.clipboard = `Here:\n\n${block("many/a.py", "a = 1\nb = 3")}\nand\n\n${block("many/b.py", "c = 4\nd = 2")}`;
  await editor.run("fastapply.applyBlocks");
  assert.deepEqual(editor.messages, []);
  assert.equal(a.getText(), "a = 1\nb = 3\n");
  assert.equal(b.getText(), "c = 4\nd = 2\n");
});

test("... or none of them, where one is in doubt", async () => {
  const [a, b] = [opened("a = 1\nb = 2\n", "none/a.py"), opened(FILE, "none/b.py")];
  editor.clipboard = block("none/a.py", "a = 1\nb = 3") + block("none/b.py", FLOATING);
  await editor.run("fastapply.applyBlocks");
  assert.match(editor.messages.join(), /b\.py/);
  assert.equal(a.getText(), "a = 1\nb = 2\n");
  assert.equal(b.getText(), FILE);
});

test("an answer without such blocks is said to have none", async () => {
  opened(FILE);
  editor.clipboard = "nothing";
  await editor.run("fastapply.applyBlocks");
  assert.match(editor.messages.join(), /block/);
});

function block(name: string, text: string): string {
  return `\`\`\`python title=${name}\n${text}\n\`\`\`\n`;
}

test("with nothing selected, nothing is done, and what is missing is said", async () => {
  const document = opened(FILE);
  await editor.run("fastapply.applySelection");
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), FILE);
  assert.match(editor.messages[0] ?? "", /select it/);
  assert.match(editor.messages[1] ?? "", /clipboard is empty/);
});

test("the menu runs what is chosen", async () => {
  const document = opened(FILE);
  editor.clipboard = EDIT;
  editor.presses = [(items) => items.find(({ label }) => label === "Apply Clipboard as Lazy Edit")];
  await editor.run("fastapply.menu");
  assert.equal(document.getText(), MERGED);
});
