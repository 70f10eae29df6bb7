/** From a text before and one after to the least that has to be replaced in between. Knows nothing of VS Code. */

export interface Replacement {
  /** Offsets in the text before, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What makes `after` of `before`, in one piece: it begins and ends where whole characters and line endings do. */
export function replacement(before: string, after: string): Replacement {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  while (isWithin(before, start) || isWithin(after, start)) start -= 1;
  let back = 0;
  while (back < shorter - start && before[before.length - 1 - back] === after[after.length - 1 - back]) back += 1;
  while (isWithin(before, before.length - back) || isWithin(after, after.length - back)) back -= 1;
  return { start, end: before.length - back, text: after.slice(start, after.length - back) };
}

/** Is this place between the halves of a character, or between CR and LF? Editors have no position there. */
function isWithin(text: string, offset: number): boolean {
  const around = text.slice(Math.max(0, offset - 1), offset + 1);
  return around.length === 2 && (around === "\r\n" || /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(around));
}
