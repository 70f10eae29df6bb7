/** Where a program is, told before it is started: "spawn ENOENT" helps nobody. */

import * as path from "node:path";

export interface System {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  isExecutable(file: string): boolean;
}

/** The file that `name` starts: as it is where it names a folder, else the first on the path. Undefined: there is none. */
export function findProgram(name: string, system: System): string | undefined {
  const join = system.platform === "win32" ? path.win32.join : path.posix.join;
  const named = /[/\\]/.test(name);
  const folders = named ? [""] : (system.env["PATH"] ?? "").split(system.platform === "win32" ? ";" : ":");
  for (const folder of folders.filter((one) => named || one)) {
    const found = endings(name, system)
      .map((ending) => join(folder, name + ending))
      .find((file) => system.isExecutable(file));
    if (found !== undefined) return found;
  }
  return undefined;
}

function endings(name: string, system: System): readonly string[] {
  if (system.platform !== "win32" || /\.\w+$/.test(name)) return [""];
  return (system.env["PATHEXT"] ?? ".EXE;.CMD;.BAT").split(";");
}
