// What could not be decided, with the places that would do and the ways to settle it.

import { button, make } from "./dom";
import type { Choice, Doubt, LineRange } from "./service";
import { capital, lines, sentence } from "./words";

export interface Places {
  /** The original, by lines. */
  original: string[];
  showOriginal: (range: LineRange) => void;
  showSnippet: (range: LineRange) => void;
  settle: (choice: Choice) => void;
}

const ACTIONS: Record<Choice["action"], string> = {
  match: "It belongs here",
  insert: "Put it here",
  replace: "Replace this",
  remove: "Remove this",
  keep: "Keep this",
  accept: "Take the best guess",
};

export function doubtList(doubts: Doubt[], places: Places): HTMLElement {
  const list = make("ol", "doubts");
  list.append(...doubts.map((doubt) => make("li", "doubt", ...told(doubt, places))));
  return list;
}

function told(doubt: Doubt, places: Places): HTMLElement[] {
  const parts: HTMLElement[] = [make("p", "doubt-message", make("code", "kind", doubt.kind), ` ${sentence(doubt.message)}`)];
  if (doubt.hint) parts.push(make("p", "hint", make("strong", "", "Hint: "), sentence(doubt.hint)));
  const { snippet } = doubt;
  if (snippet) parts.push(button(`Show ${lines(snippet)} of the snippet`, "small", () => places.showSnippet(snippet)));
  const choices = doubt.choices ?? []; // an older service offers none
  const rows = choices.length
    ? choices.map((choice) => row(choice.place, places, choice))
    : doubt.candidates.map((range) => row(range, places));
  if (rows.length) parts.push(make("p", "candidates-head", "In the original:"), make("ul", "candidates", ...rows));
  return parts;
}

/** A place, which a click shows; with a `choice`, a button beside it that settles the doubt. */
function row(range: LineRange, places: Places, choice?: Choice): HTMLLIElement {
  const code = make("code", "", lineAt(places.original, range.start));
  const where = make("span", "place-lines", capital(lines(range)));
  const made = make("li", "candidate", button(make("span", "place", where, code), "show-place", () => places.showOriginal(range)));
  if (choice) {
    const settle = button(ACTIONS[choice.action], "small settle", () => places.settle(choice));
    settle.setAttribute("aria-label", `${ACTIONS[choice.action]}: ${lines(range)}`);
    made.append(settle);
  }
  return made;
}

function lineAt(original: string[], line: number): string {
  const text = (original[line] ?? "").trim();
  if (text) return text;
  return line >= original.length - 1 ? "(the end of the file)" : "(an empty line)";
}
