// Highlighting by language, each loaded when it is first needed. Names are those of the service.

import type { Extension } from "@codemirror/state";
import { StreamLanguage, type StreamParser } from "@codemirror/language";

type Load = () => Promise<Extension>;

function old(load: () => Promise<StreamParser<unknown>>): Load {
  return async () => StreamLanguage.define(await load());
}

const clike = () => import("@codemirror/legacy-modes/mode/clike");
const css = () => import("@codemirror/legacy-modes/mode/css");
const script = () => import("@codemirror/lang-javascript");
const html: Load = async () => (await import("@codemirror/lang-html")).html();

const MODES: Record<string, Load> = {
  bash: old(async () => (await import("@codemirror/legacy-modes/mode/shell")).shell),
  c: async () => (await import("@codemirror/lang-cpp")).cpp(),
  cpp: async () => (await import("@codemirror/lang-cpp")).cpp(),
  csharp: old(async () => (await clike()).csharp),
  css: async () => (await import("@codemirror/lang-css")).css(),
  go: async () => (await import("@codemirror/lang-go")).go(),
  haskell: old(async () => (await import("@codemirror/legacy-modes/mode/haskell")).haskell),
  html,
  java: async () => (await import("@codemirror/lang-java")).java(),
  javascript: async () => (await script()).javascript({ jsx: true }),
  json: async () => (await import("@codemirror/lang-json")).json(),
  kotlin: old(async () => (await clike()).kotlin),
  lua: old(async () => (await import("@codemirror/legacy-modes/mode/lua")).lua),
  markdown: async () => (await import("@codemirror/lang-markdown")).markdown(),
  php: async () => (await import("@codemirror/lang-php")).php(),
  python: async () => (await import("@codemirror/lang-python")).python(),
  ruby: old(async () => (await import("@codemirror/legacy-modes/mode/ruby")).ruby),
  rust: async () => (await import("@codemirror/lang-rust")).rust(),
  scala: old(async () => (await clike()).scala),
  scss: old(async () => (await css()).sCSS),
  sql: async () => (await import("@codemirror/lang-sql")).sql(),
  svelte: html,
  swift: old(async () => (await import("@codemirror/legacy-modes/mode/swift")).swift),
  toml: old(async () => (await import("@codemirror/legacy-modes/mode/toml")).toml),
  tsx: async () => (await script()).javascript({ jsx: true, typescript: true }),
  typescript: async () => (await script()).javascript({ typescript: true }),
  vue: html,
  yaml: async () => (await import("@codemirror/lang-yaml")).yaml(),
};

const EXTENSIONS: Record<string, string> = {
  bash: "bash", c: "c", cc: "cpp", cjs: "javascript", cpp: "cpp", cs: "csharp", css: "css", cts: "typescript",
  cxx: "cpp", go: "go", h: "c", hh: "cpp", hpp: "cpp", hs: "haskell", htm: "html", html: "html", java: "java",
  js: "javascript", json: "json", jsonc: "json", jsx: "javascript", kt: "kotlin", kts: "kotlin", less: "scss",
  lua: "lua", markdown: "markdown", md: "markdown", mjs: "javascript", mts: "typescript", php: "php", py: "python",
  pyi: "python", rb: "ruby", rs: "rust", sc: "scala", scala: "scala", scss: "scss", sh: "bash", sql: "sql",
  svelte: "svelte", swift: "swift", toml: "toml", ts: "typescript", tsx: "tsx", vue: "vue", yaml: "yaml", yml: "yaml",
  zsh: "bash",
};

const loaded = new Map<string, Promise<Extension>>();

/** The highlighting for `language` where it is named, else for the file at `path`; nothing where neither is known. */
export async function mode(language: string, path: string): Promise<Extension> {
  const extension = path.toLowerCase().split(".").at(-1) ?? "";
  const name = language || EXTENSIONS[extension] || "";
  const load = MODES[name];
  if (!load) return [];
  let found = loaded.get(name);
  if (!found) loaded.set(name, (found = load()));
  try {
    return await found;
  } catch {
    loaded.delete(name); // the service may be away: the text is shown plain, and asked for again
    return [];
  }
}
