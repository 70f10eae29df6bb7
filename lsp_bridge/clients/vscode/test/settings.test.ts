import assert from "node:assert/strict";
import test from "node:test";
import { type Settings, UnusableSetting, commandLine, initializationOptions, needsTrust } from "../src/settings";

const plain: Settings = { path: "fastapply", args: ["lsp"], url: "", warmUp: false, diagnostics: true };
const around = { folder: "/code/shop", home: "/home/ada" };

test("the plain settings start the language server and nothing else", () => {
  assert.deepEqual(commandLine(plain, undefined, around), { program: "fastapply", args: ["lsp"], env: {} });
});

test("each setting arrives", () => {
  const settings = { ...plain, url: " https://merge.example:8000 ", warmUp: true, diagnostics: false };
  const { args } = commandLine(settings, undefined, around);
  assert.deepEqual(args, ["lsp", "--url", "https://merge.example:8000"]);
  assert.deepEqual(initializationOptions(settings), { diagnostics: false, warmUp: true });
});

test("the key goes through the environment, never through the arguments", () => {
  const line = commandLine({ ...plain, url: "http://127.0.0.1:8000" }, "secret", around);
  assert.deepEqual(line.env, { FASTAPPLY_API_KEY: "secret" });
  assert.deepEqual(line.args.slice(-2), ["--key-env", "FASTAPPLY_API_KEY"]);
  assert.ok(!JSON.stringify([line.program, line.args]).includes("secret"));
});

test("without a service no key is handed on", () => {
  assert.deepEqual(commandLine(plain, "secret", around), { program: "fastapply", args: ["lsp"], env: {} });
});

test("${workspaceFolder} and ~ stand for folders", () => {
  const settings = { ...plain, path: "~/bin/run", args: ["${workspaceFolder}/x", "~", "a~/b"] };
  const line = commandLine(settings, undefined, around);
  assert.equal(line.program, "/home/ada/bin/run");
  assert.deepEqual(line.args, ["/code/shop/x", "/home/ada", "a~/b"]);
});

test("a folder's name is never read as a pattern", () => {
  const odd = { folder: "/code/$&$1", home: "" };
  assert.equal(commandLine({ ...plain, path: "${workspaceFolder}/f" }, undefined, odd).program, "/code/$&$1/f");
});

test("${workspaceFolder} asks for a folder, and for trust in it", () => {
  const settings = { ...plain, path: "${workspaceFolder}/.venv/bin/fastapply" };
  assert.throws(() => commandLine(settings, undefined, { ...around, folder: undefined }), UnusableSetting);
  assert.equal(needsTrust(settings), true);
  assert.equal(needsTrust({ ...plain, args: ["lsp", "${workspaceFolder}"] }), true);
  assert.equal(needsTrust(plain), false);
});

for (const url of ["ftp://host", "host:8000", "http://", "javascript:alert(1)", "-v"]) {
  test(`${url} is no service`, () => {
    assert.throws(() => commandLine({ ...plain, url }, undefined, around), UnusableSetting);
  });
}

test("there is nothing to warm up without a service", () => {
  assert.throws(() => commandLine({ ...plain, warmUp: true }, undefined, around), /fastapply\.server\.url/);
});

test("an empty program is named as the setting that it is", () => {
  assert.throws(() => commandLine({ ...plain, path: "  " }, undefined, around), /fastapply\.server\.path/);
});
