// The service counts characters (code points), the editors UTF-16 units.

/** A function from code points of `text` to UTF-16 units, to be asked in rising order. */
export function units(text: string): (codePoints: number) => number {
  let unit = 0;
  let seen = 0;
  return (codePoints) => {
    while (seen < codePoints && unit < text.length) {
      unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
      seen += 1;
    }
    return unit;
  };
}
