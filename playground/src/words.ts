// What is said to the person.

import type { Answer, LineRange, Problem } from "./service";

/** Lines are counted from 1 by people. */
export function lines(range: LineRange): string {
  if (range.end <= range.start) return `before line ${range.start + 1}`;
  if (range.end === range.start + 1) return `line ${range.end}`;
  return `lines ${range.start + 1} to ${range.end}`;
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What the service says of a doubt or an error is part of a sentence. */
export function sentence(text: string): string {
  return /[.?!]$/.test(text) ? capital(text) : `${capital(text)}.`;
}

export function count(number: number, one: string): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : `${one}s`}`;
}

export function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
}

const FORMATS: Record<string, string> = {
  lazy: "a lazy edit",
  whole_file: "a whole file",
  unified_diff: "a unified diff",
  search_replace: "search and replace blocks",
  patch: "a patch",
  new_file: "a new file",
  empty: "an empty snippet",
};

export function format(answer: Answer): string {
  return FORMATS[answer.format] ?? answer.format;
}

/** The outcome in one line. */
export function summary(answer: Answer): string {
  const { added, removed } = answer.changes;
  const changed = added || removed ? `${count(added, "line")} added, ${removed} removed` : "no change";
  if (answer.doubts.length === 0) return `Merged: ${changed}.`;
  return `Best guess, with ${count(answer.doubts.length, "doubt")}: ${changed}.`;
}

/** What to do about a problem; empty where its detail says it. In `again` seconds it is tried again, or never. */
export function remedy(problem: Problem, again: number | null): string {
  const later = again === null ? "" : `The next try is in ${count(again, "second")}.`;
  switch (problem.status) {
    case 401:
      return "Enter a key of this service above.";
    case 403:
      return problem.code === "key_revoked" ? "Enter another key above." : "";
    case 413:
      return "Make the texts shorter, or raise server.max_body in the settings of the service.";
    case 429:
    case 503:
      return later;
    case 504:
      return "Make the texts shorter, or raise pool.deadline in the settings of the service.";
    default:
      return "";
  }
}
