// The few things that every part of the page does with elements.

/** The element `id`, which must be there and of `kind`. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} #${id}`);
  return found;
}

type Content = string | Node;

/** A new element of class `names` with `content`. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  names = "",
  ...content: Content[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (names) made.className = names;
  made.append(...content);
  return made;
}

/** A button that does `act`. */
export function button(text: Content, names: string, act: () => void): HTMLButtonElement {
  const made = make("button", names, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}
