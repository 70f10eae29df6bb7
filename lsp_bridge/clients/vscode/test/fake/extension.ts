/** The bundle that is shipped, in a fake editor, with the real program: FASTAPPLY_COMMAND is its command line as JSON. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Module from "node:module";
import path from "node:path";
import { Editor } from "./vscode";

export const ROOT = path.join(__dirname, "..");
export const COMMAND: string[] = JSON.parse(process.env["FASTAPPLY_COMMAND"] ?? '["fastapply", "lsp"]');
export const ABOUT = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));

interface Extension {
  activate(context: object): void;
  deactivate(): Promise<void>;
}

/** A fake editor with the extension active, and what deactivates it. */
export function started(change: (editor: Editor) => void = () => {}): { editor: Editor; stop: () => Promise<void> } {
  const editor = new Editor();
  editor.settings = { "fastapply.server.path": COMMAND[0], "fastapply.server.args": COMMAND.slice(1) };
  change(editor);
  const extension = withVscode(editor.api(), load);
  extension.activate(editor.context(ROOT, ABOUT));
  return { editor, stop: () => extension.deactivate() };
}

/** A bundle of its own each time: it keeps its server. */
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

export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!holds()) {
    assert.ok(Date.now() < end, "it never came to hold");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
