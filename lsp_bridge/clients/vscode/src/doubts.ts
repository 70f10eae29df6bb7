/** From an edit to an answer: as long as it is in doubt, the person is asked. Knows nothing of VS Code. */

import type { FileAnswer, Job, Offered } from "./protocol";

export interface Pick {
  readonly label: string;
  readonly offered: Offered;
}

/** Which of the choices that `refused` offers is taken; undefined where the person leaves it. */
export type Ask = (refused: FileAnswer) => Promise<Offered | undefined>;

/**
 * What `merge` makes of `job` once every doubt that offers choices is decided by `ask`. Where `fileOf` the answer is
 * still refused, the person left it, or there is nothing to choose.
 */
export async function decided<T>(
  job: Job,
  merge: (job: Job) => Promise<T>,
  fileOf: (answer: T) => FileAnswer,
  ask: Ask,
): Promise<T> {
  const choices: unknown[] = [...(job.choices ?? [])];
  for (;;) {
    const answer = await merge(choices.length ? { ...job, choices: [...choices] } : job);
    const file = fileOf(answer);
    const chosen = file.code && file.choices.length ? await ask(file) : undefined;
    if (!chosen) return answer;
    choices.push(chosen.choice);
  }
}

/** The entries of a list to choose from. */
export function picks(refused: FileAnswer): Pick[] {
  return refused.choices.map((offered) => ({ label: offered.title, offered }));
}
