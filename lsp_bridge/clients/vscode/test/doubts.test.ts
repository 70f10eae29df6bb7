import assert from "node:assert/strict";
import test from "node:test";
import { decided, picks, told } from "../src/doubts";
import type { Choice, Doubt, Job, Outcome } from "../src/protocol";

const job: Job = { uri: "file:///a.py", version: 3, snippet: "x" };
const choice = (title: string): Choice => ({ title, choice: { at: title } });
const doubt = (...choices: Choice[]): Doubt => ({ kind: "undecided_place", message: "where", hint: "show more", choices });
const outcome = (status: Outcome["status"], ...doubts: Doubt[]): Outcome => {
  return { status, uri: job.uri, version: 3, changes: { added: 0, removed: 0 }, doubts };
};

/** A merge that gives these outcomes in turn, and what it was asked. */
function merges(...outcomes: Outcome[]): { merge: (job: Job) => Promise<Outcome>; asked: Job[] } {
  const asked: Job[] = [];
  return { asked, merge: async (one) => (asked.push(one), outcomes[asked.length - 1] ?? assert.fail("asked too often")) };
}

test("a merge without a doubt is asked for once, and nobody is asked", async () => {
  const { merge, asked } = merges(outcome("merged"));
  assert.equal((await decided(job, merge, () => assert.fail("asked"))).status, "merged");
  assert.deepEqual(asked, [job]);
});

test("what is chosen goes along with every further try, in order", async () => {
  const [first, second] = [choice("one"), choice("two")];
  const { merge, asked } = merges(outcome("doubt", doubt(first)), outcome("doubt", doubt(second)), outcome("merged"));
  const result = await decided(job, merge, async ({ choices }) => choices[0]);
  assert.equal(result.status, "merged");
  assert.deepEqual(asked.map(({ choices }) => choices), [undefined, [first.choice], [first.choice, second.choice]]);
});

test("whoever leaves the list leaves the edit in doubt", async () => {
  const { merge, asked } = merges(outcome("doubt", doubt(choice("one"))));
  assert.equal((await decided(job, merge, async () => undefined)).status, "doubt");
  assert.equal(asked.length, 1);
});

test("a doubt that offers nothing is passed over for one that does", async () => {
  const { merge } = merges(outcome("doubt", doubt(), doubt(choice("one"))), outcome("doubt", doubt()));
  const seen: Doubt[] = [];
  const result = await decided(job, merge, async (one) => (seen.push(one), one.choices[0]));
  assert.equal(result.status, "doubt");
  assert.equal(seen.length, 1);
});

test("picks show lines as editors count them", () => {
  const at = (start: number, end: number, character = 0): Choice => {
    return { ...choice("x"), range: { start: { line: start, character: 0 }, end: { line: end, character } } };
  };
  const shown = picks(doubt(at(4, 4), at(4, 5), at(4, 7), at(4, 6, 2), choice("none")));
  assert.deepEqual(shown.map(({ description }) => description), ["line 5", "line 5", "lines 5–7", "lines 5–7", ""]);
});

test("a refusal says what, what helps, and how many more", () => {
  assert.equal(told([doubt(), doubt()]), "Not applied: where. To settle it: show more. (and 1 more)");
  assert.equal(told([{ ...doubt(), hint: "" }]), "Not applied: where.");
  assert.equal(told([]), "The edit is in doubt.");
});
