/** What the status item shows. Knows nothing of VS Code but the names of its icons. */

export type State = "stopped" | "starting" | "idle" | "working" | "doubt" | "failed";

export type Event =
  | { readonly kind: "starting" | "started" | "stopped" | "began" | "merged" | "doubt" | "cancelled" }
  | { readonly kind: "failed" | "broken"; readonly why: string };

/** `working` counts what is under way: two windows may merge at once. `why` is the last failure's, for people. */
export interface Status {
  readonly state: State;
  readonly working: number;
  readonly why: string;
}

export interface Look {
  readonly text: string;
  readonly tooltip: string;
  readonly alarming: boolean;
}

export const AT_FIRST: Status = { state: "stopped", working: 0, why: "" };

/** The status after `event`. */
export function next(status: Status, event: Event): Status {
  switch (event.kind) {
    case "starting":
      return { state: "starting", working: 0, why: "" };
    case "started":
      return { state: "idle", working: 0, why: "" };
    case "stopped":
      return AT_FIRST;
    case "broken":
      return { state: "failed", working: 0, why: event.why };
    case "began":
      return { state: "working", working: status.working + 1, why: "" };
    case "merged":
    case "cancelled":
      return ended(status, "idle", "");
    case "doubt":
      return ended(status, "doubt", "");
    case "failed":
      return ended(status, "failed", event.why);
  }
}

/** One piece of work has ended as `state`, unless others go on. After a stop there is nothing to end. */
function ended(status: Status, state: State, why: string): Status {
  if (status.working === 0) return status;
  const working = status.working - 1;
  return { state: working ? "working" : state, working, why };
}

const LOOKS: Readonly<Record<State, readonly [icon: string, says: string]>> = {
  stopped: ["circle-slash", "not running"],
  starting: ["loading~spin", "starting"],
  idle: ["git-merge", "ready"],
  working: ["loading~spin", "merging"],
  doubt: ["question", "the last edit was left in doubt"],
  failed: ["error", "failed"],
};

export function look(status: Status): Look {
  const [icon, says] = LOOKS[status.state];
  const tooltip = `FastApply: ${says}${status.why ? ` – ${status.why}` : ""}`;
  return { text: `$(${icon}) FastApply`, tooltip, alarming: status.state === "failed" };
}
