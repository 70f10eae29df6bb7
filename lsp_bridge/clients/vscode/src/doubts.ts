/** From an edit to an answer: as long as it is in doubt, the person is asked. Knows nothing of VS Code. */

import type { Choice, Doubt, Job, Outcome } from "./protocol";

export interface Pick {
  readonly label: string;
  readonly description: string;
  readonly choice: Choice;
}

/** Which of the choices of `doubt` is taken; undefined where the person leaves it. */
export type Ask = (doubt: Doubt) => Promise<Choice | undefined>;

/**
 * What `merge` makes of `job` once every doubt that offers choices is decided by `ask`. An outcome that is still in
 * doubt was left by the person, or offers nothing to choose.
 */
export async function decided(job: Job, merge: (job: Job) => Promise<Outcome>, ask: Ask): Promise<Outcome> {
  const choices: unknown[] = [...(job.choices ?? [])];
  for (;;) {
    const outcome = await merge(choices.length ? { ...job, choices: [...choices] } : job);
    const open = outcome.status === "doubt" ? outcome.doubts.find((doubt) => doubt.choices.length) : undefined;
    const chosen = open && (await ask(open));
    if (!chosen) return outcome;
    choices.push(chosen.choice);
  }
}

/** The entries of a list to choose from; lines are counted from 1, as editors show them. */
export function picks(doubt: Doubt): Pick[] {
  return doubt.choices.map((choice) => ({ label: choice.title, description: lines(choice), choice }));
}

function lines({ range }: Choice): string {
  if (!range) return "";
  const first = range.start.line + 1;
  const last = Math.max(first, range.end.character ? range.end.line + 1 : range.end.line);
  return first === last ? `line ${first}` : `lines ${first}–${last}`;
}

/** What is said of an edit that stays in doubt. */
export function told(doubts: readonly Doubt[]): string {
  const [first] = doubts;
  if (!first) return "The edit is in doubt.";
  const hint = first.hint ? ` To settle it: ${first.hint}.` : "";
  const more = doubts.length > 1 ? ` (and ${doubts.length - 1} more)` : "";
  return `Not applied: ${first.message}.${hint}${more}`;
}
