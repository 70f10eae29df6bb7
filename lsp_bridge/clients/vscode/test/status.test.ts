import assert from "node:assert/strict";
import test from "node:test";
import { AT_FIRST, type Event, type State, look, next } from "../src/status";

const after = (...events: Event[]) => events.reduce(next, AT_FIRST);
const ready: Event[] = [{ kind: "starting" }, { kind: "started" }];

const cases: [State, Event[]][] = [
  ["stopped", []],
  ["starting", [{ kind: "starting" }]],
  ["idle", ready],
  ["working", [...ready, { kind: "began" }]],
  ["idle", [...ready, { kind: "began" }, { kind: "merged" }]],
  ["doubt", [...ready, { kind: "began" }, { kind: "doubt" }]],
  ["idle", [...ready, { kind: "began" }, { kind: "cancelled" }]],
  ["failed", [...ready, { kind: "began" }, { kind: "failed", why: "no answer" }]],
  ["failed", [{ kind: "starting" }, { kind: "broken", why: "no program" }]],
  ["working", [...ready, { kind: "began" }, { kind: "began" }, { kind: "doubt" }]],
  ["stopped", [...ready, { kind: "began" }, { kind: "stopped" }, { kind: "failed", why: "ended" }]],
  ["starting", [...ready, { kind: "began" }, { kind: "starting" }, { kind: "merged" }]],
];

for (const [state, events] of cases) {
  test(`${events.map(({ kind }) => kind).join(", ") || "nothing"}: ${state}`, () => {
    assert.equal(after(...events).state, state);
  });
}

test("the tooltip says why it failed, until work begins anew", () => {
  const failed = after(...ready, { kind: "began" }, { kind: "failed", why: "no answer" });
  assert.match(look(failed).tooltip, /no answer/);
  assert.equal(look(failed).alarming, true);
  assert.doesNotMatch(look(next(failed, { kind: "began" })).tooltip, /no answer/);
});

test("each state looks different", () => {
  const states: State[] = ["stopped", "starting", "idle", "working", "doubt", "failed"];
  const tooltips = states.map((state) => look({ state, working: 0, why: "" }).tooltip);
  assert.equal(new Set(tooltips).size, states.length);
});
