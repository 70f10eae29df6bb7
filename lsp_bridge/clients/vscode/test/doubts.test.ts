import assert from "node:assert/strict";
import test from "node:test";
import { decided, picks } from "../src/doubts";
import type { FileAnswer, Job, Offered } from "../src/protocol";

const job: Job = { uri: "file:///a.py", version: 3, snippet: "x", quiet: true };
const offer = (title: string): Offered => ({ title, choice: { at: title }, start: 1, end: 2 });
const answer = (code: string | null, ...choices: Offered[]): FileAnswer => {
  return { uri: job.uri, message: "", code, changes: { added: 0, removed: 0 }, choices, mergedCode: null };
};
const merged = answer(null);
const doubtful = (...choices: Offered[]) => answer("edit_in_doubt", ...choices);
const itself = (file: FileAnswer) => file;

/** A merge that gives these answers in turn, and what it was asked. */
function merges(...answers: FileAnswer[]): { merge: (job: Job) => Promise<FileAnswer>; asked: Job[] } {
  const asked: Job[] = [];
  return { asked, merge: async (one) => (asked.push(one), answers[asked.length - 1] ?? assert.fail("asked too often")) };
}

test("a merge without a doubt is asked for once, and nobody is asked", async () => {
  const { merge, asked } = merges(merged);
  assert.equal(await decided(job, merge, itself, () => assert.fail("asked")), merged);
  assert.deepEqual(asked, [job]);
});

test("what is chosen goes along with every further try, in order", async () => {
  const [first, second] = [offer("one"), offer("two")];
  const { merge, asked } = merges(doubtful(first), doubtful(second, first), merged);
  assert.equal(await decided(job, merge, itself, async ({ choices }) => choices[0]), merged);
  assert.deepEqual(asked.map(({ choices }) => choices), [undefined, [first.choice], [first.choice, second.choice]]);
});

test("whoever leaves the list leaves the edit in doubt", async () => {
  const { merge, asked } = merges(doubtful(offer("one")));
  assert.equal((await decided(job, merge, itself, async () => undefined)).code, "edit_in_doubt");
  assert.equal(asked.length, 1);
});

test("where nothing is offered nobody is asked", async () => {
  const { merge } = merges(doubtful());
  assert.equal((await decided(job, merge, itself, () => assert.fail("asked"))).code, "edit_in_doubt");
});

test("a list has an entry for each choice, in the server's words", () => {
  assert.deepEqual(picks(doubtful(offer("one"), offer("two"))).map(({ label }) => label), ["one", "two"]);
});
