import assert from "node:assert/strict";
import test from "node:test";
import { replacement } from "../src/replacement";

const cases: [string, string, { start: number; end: number; text: string }][] = [
  ["", "", { start: 0, end: 0, text: "" }],
  ["abc", "abc", { start: 3, end: 3, text: "" }],
  ["abc", "axc", { start: 1, end: 2, text: "x" }],
  ["aaa", "aa", { start: 2, end: 3, text: "" }],
  ["aa", "aaa", { start: 2, end: 2, text: "a" }],
  ["", "ab", { start: 0, end: 0, text: "ab" }],
  ["\u{1F600}", "\u{1F601}", { start: 0, end: 2, text: "\u{1F601}" }],
  ["\u{1F600}", "\u{1FA00}", { start: 0, end: 2, text: "\u{1FA00}" }],
  ["a\r\n", "a\n", { start: 1, end: 3, text: "\n" }],
  ["a\r\nb", "a\r\n\r\nb", { start: 3, end: 3, text: "\r\n" }],
];

for (const [before, after, expected] of cases) {
  test(`${JSON.stringify(before)} to ${JSON.stringify(after)}`, () => {
    assert.deepEqual(replacement(before, after), expected);
  });
}

test("it makes the one text of the other, and never parts a character or a line ending", () => {
  const pieces = ["a", "b", "\n", "\r\n", "\r", "\u{1F600}", "\u{1F601}", "\u{2F600}", "\u2028", ""];
  const random = numbers(7);
  const text = () => Array.from({ length: random(6) }, () => pieces[random(pieces.length)]).join("");
  for (let round = 0; round < 20_000; round++) {
    const [before, after] = [text(), text()];
    const { start, end, text: between } = replacement(before, after);
    assert.equal(before.slice(0, start) + between + before.slice(end), after, JSON.stringify([before, after]));
    for (const offset of [start, end]) assert.doesNotMatch(before.slice(offset - 1, offset + 1), WITHIN);
  }
});

const WITHIN = /^(\r\n|[\uD800-\uDBFF][\uDC00-\uDFFF])$/;

/** The same numbers below a limit each time. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => (state = (state * 48271) % 2147483647) % limit;
}
