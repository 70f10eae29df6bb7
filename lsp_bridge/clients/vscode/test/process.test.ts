/** When the program is started, what is said where it can't be, and that it ends. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { ABOUT, COMMAND, started, until } from "./fake/extension";
import { Uri } from "./fake/values";
import type { Editor } from "./fake/vscode";

const FILE = Uri.file("/tmp/a.py");

test("every command of the manifest is registered, and hardly another", async () => {
  const { editor, stop } = started();
  const named: string[] = ABOUT.contributes.commands.map(({ command }: { command: string }) => command);
  assert.deepEqual(named.filter((command) => !editor.commands.has(command)), []);
  assert.deepEqual([...editor.commands.keys()].filter((command) => !named.includes(command)), ["fastapply.showReadme"]);
  await stop();
});

test("nothing is started before a file is open", async () => {
  const { editor, stop } = started();
  assert.match(editor.status.tooltip, /not running/);
  assert.deepEqual(editor.logged, []);
  await stop();
});

test("a program that is not there is said so, with the way to the settings", async () => {
  const { editor, stop } = started((one) => (one.settings["fastapply.server.path"] = "/nowhere/fastapply"));
  const opened: unknown[] = [];
  editor.commands.set("workbench.action.openSettings", (what) => opened.push(what));
  editor.open(FILE, "a = 1\n", "python");
  editor.clipboard = "a = 2\n";
  editor.presses = [(buttons) => buttons[0]?.label];
  await editor.run("fastapply.applyClipboard");
  await until(() => opened.length > 0);
  assert.match(editor.messages.join(), /no program “\/nowhere\/fastapply”/);
  assert.deepEqual(opened, ["fastapply"]);
  assert.match(editor.status.tooltip, /failed/);
  await stop();
});

test("a program in a folder that is not trusted is not started", async () => {
  const { editor, stop } = started((one) => {
    one.trusted = false;
    one.settings["fastapply.server.path"] = "${workspaceFolder}/evil";
  });
  await editor.run("fastapply.restart");
  assert.match(editor.messages.join(), /not trusted/);
  await stop();
});

test("a program that fails at once is tried again with the next command, which starts the right one", async () => {
  const { editor, stop } = started((one) => (one.settings["fastapply.server.path"] = "/bin/false"));
  await editor.run("fastapply.restart");
  assert.match(editor.status.tooltip, /failed/);
  editor.settings["fastapply.server.path"] = COMMAND[0];
  const document = editor.open(FILE, "a = 1\nb = 2\n", "python");
  editor.clipboard = "a = 1\nb = 3\n";
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), "a = 1\nb = 3\n");
  await stop();
});

test("it lives as long as the extension: started again after an end, anew for other settings, ended at the end", async () => {
  const { editor, stop } = started();
  const document = editor.open(FILE, "a = 1\nb = 2\n", "python");
  await until(() => isReady(editor));
  const first = children();
  assert.equal(first.length, 1);

  document.edit([{ range: document.select("a = 1"), newText: "a = 11" }]);
  await editor.run("fastapply.mergeCommitted"); // refused: but the program has read of the change before it is killed
  process.kill(first[0] ?? 0, "SIGKILL");
  await until(() => isReady(editor) && isAnother(first));
  editor.clipboard = "a = 11\nb = 3\n";
  await editor.run("fastapply.applyClipboard");
  assert.equal(document.getText(), "a = 11\nb = 3\n");

  const second = children();
  editor.presses = [() => "a key"];
  await editor.run("fastapply.setKey");
  assert.equal(editor.secrets.get("fastapply.key"), "a key");
  await until(() => isReady(editor) && isAnother(second));
  assert.ok(!editor.logged.join().includes("a key"));

  const third = children();
  editor.configured.fire({ affectsConfiguration: (name) => name === "fastapply.server" });
  await until(() => isReady(editor) && isAnother(third));

  await stop();
  await until(() => children().length === 0);
});

function isReady(editor: Editor): boolean {
  return editor.status.tooltip.includes("ready");
}

function isAnother(before: readonly number[]): boolean {
  const now = children();
  return now.length === 1 && now[0] !== before[0];
}

/** Processes that this one started and that still run. */
function children(): number[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}
