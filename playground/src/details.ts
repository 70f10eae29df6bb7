// Who merged, how, and how long each stage took.

import { make } from "./dom";
import type { Answer } from "./service";
import { count, format, milliseconds } from "./words";

/** Rows of a description list: engine, language, how the snippet was read. */
export function facts(answer: Answer): HTMLElement[] {
  const rows: [string, string][] = [
    ["Engine", answer.engine],
    ["Language", answer.language],
    ["Read as", format(answer)],
  ];
  if (answer.fallback) rows.push(["Note", answer.fallback]);
  if (answer.usage.completion_tokens) {
    const { completion_tokens, accepted_tokens } = answer.usage;
    rows.push(["Tokens", `${count(completion_tokens, "token")}, ${accepted_tokens} of them drafted`]);
  }
  return rows.flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]);
}

/** Rows of the table of stages, each with a bar for its share. `took` is what the browser waited. */
export function timings(answer: Answer, took: number): HTMLTableRowElement[] {
  const { total, ...stages } = answer.timings;
  const whole = Math.max(took, total ?? 0, 0.001);
  const rows = Object.entries(stages).map(([name, value]) => row(name, value, whole));
  return [...rows, row("merge in all", total ?? 0, whole), row("as the browser saw it", took, whole)];
}

function row(name: string, value: number, whole: number): HTMLTableRowElement {
  const bar = make("span", "bar");
  bar.style.width = `${Math.max(0.5, Math.min(100, (100 * value) / whole))}%`;
  const head = make("th", "", name.replaceAll("_", " "));
  head.scope = "row";
  return make("tr", "", head, make("td", "number", milliseconds(value)), make("td", "share", bar));
}
