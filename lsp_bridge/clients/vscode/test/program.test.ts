import assert from "node:assert/strict";
import test from "node:test";
import { type System, findProgram } from "../src/program";

function system(files: readonly string[], platform = "linux", env: System["env"] = { PATH: "/usr/bin::/opt/bin" }): System {
  return { platform, env, isExecutable: (file) => files.includes(file) };
}

test("a name is looked up on the path, first folder first", () => {
  assert.equal(findProgram("f", system(["/opt/bin/f"])), "/opt/bin/f");
  assert.equal(findProgram("f", system(["/opt/bin/f", "/usr/bin/f"])), "/usr/bin/f");
});

test("an empty folder on the path is not the current one", () => {
  assert.equal(findProgram("f", system(["f"])), undefined);
});

test("what names a folder is not looked up", () => {
  assert.equal(findProgram("/x/f", system(["/x/f", "/usr/bin/f"])), "/x/f");
  assert.equal(findProgram("/y/f", system(["/usr/bin/f"])), undefined);
});

test("no path at all finds nothing", () => {
  assert.equal(findProgram("f", system(["/usr/bin/f"], "linux", {})), undefined);
});

test("on Windows the usual endings are tried", () => {
  const windows = system(["C:\\bin\\f.EXE", "D:\\g.cmd"], "win32", { PATH: "C:\\none;C:\\bin" });
  assert.equal(findProgram("f", windows), "C:\\bin\\f.EXE");
  assert.equal(findProgram("D:\\g.cmd", windows), "D:\\g.cmd");
  assert.equal(findProgram("g", windows), undefined);
});
