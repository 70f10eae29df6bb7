/** What the settings say, and the command line that comes of it. Knows nothing of VS Code. */

export interface Settings {
  readonly path: string;
  readonly args: readonly string[];
  readonly url: string;
  readonly warmUp: boolean;
  readonly diagnostics: boolean;
}

/** What the words of a setting may stand for. */
export interface Surroundings {
  /** The first folder of the workspace. */
  readonly folder: string | undefined;
  readonly home: string;
}

export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A setting can't be used; the message says which and why, for people. */
export class UnusableSetting extends Error {}

const FOLDER = "${workspaceFolder}";
const KEY_VARIABLE = "FASTAPPLY_API_KEY";

/** Does the program or what it is given lie in the workspace, which somebody else may have written? */
export function needsTrust(settings: Settings): boolean {
  return [settings.path, ...settings.args].some((text) => text.includes(FOLDER));
}

/** The command line of the language server. The key goes through the environment, where no list of processes shows it. */
export function commandLine(settings: Settings, key: string | undefined, around: Surroundings): CommandLine {
  if (!settings.path.trim()) throw new UnusableSetting("The setting fastapply.server.path is empty.");
  const url = checkedUrl(settings.url.trim());
  if (settings.warmUp && !url) {
    throw new UnusableSetting("The setting fastapply.warmUp needs a service in fastapply.server.url.");
  }
  const flags = url ? ["--url", url, ...(key ? ["--key-env", KEY_VARIABLE] : [])] : [];
  return {
    program: expanded(settings.path.trim(), around),
    args: [...settings.args.map((text) => expanded(text, around)), ...flags],
    env: key && url ? { [KEY_VARIABLE]: key } : {},
  };
}

/** What the server is told when it starts. */
export function initializationOptions({ diagnostics, warmUp }: Settings): object {
  return { diagnostics, warmUp };
}

function checkedUrl(url: string): string {
  if (!url || /^https?:\/\/[^\s/]+/.test(url)) return url;
  throw new UnusableSetting("The setting fastapply.server.url is no http:// or https:// address.");
}

function expanded(text: string, around: Surroundings): string {
  if (text.includes(FOLDER) && !around.folder) {
    throw new UnusableSetting(`A setting of FastApply names ${FOLDER}, and no folder is open.`);
  }
  const home = text === "~" || text.startsWith("~/") ? around.home + text.slice(1) : text;
  return home.replaceAll(FOLDER, () => around.folder ?? "");
}
