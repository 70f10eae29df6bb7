// The request on the screen as a command of a POSIX shell.

import type { Body } from "./service";

// One argument of a command may have 128 KiB on Linux, whatever its characters are.
const LONGEST_ARGUMENT = 100_000;

/** The command that asks the service at `origin` the same as the page does. The key is named, never shown. */
export function curl(origin: string, body: Body, needsKey: boolean): string {
  const words = [`curl -sS ${origin}/v1/apply`];
  if (needsKey) words.push('-H "Authorization: Bearer $FASTAPPLY_KEY"');
  words.push("-H 'Content-Type: application/json'");
  // Within single quotes a shell reads nothing but the quote that ends them, and JSON can say that one otherwise.
  const json = JSON.stringify(body, null, 2).replaceAll("'", "\\u0027");
  if (new TextEncoder().encode(json).length <= LONGEST_ARGUMENT) return [...words, `-d '${json}'`].join(" \\\n  ");
  return `${[...words, "-d @- <<'JSON'"].join(" \\\n  ")}\n${json}\nJSON`;
}
