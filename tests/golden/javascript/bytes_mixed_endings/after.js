const listeners = new Map();

export function on(name, listener) {
  const list = listeners.get(name) ?? [];
  list.push(listener);
  listeners.set(name, list);
}

export function off(name, listener) {
  const list = listeners.get(name) ?? [];
  listeners.set(
    name,
    list.filter((other) => other !== listener),
  );
}

export function emit(name, ...args) {
  for (const listener of listeners.get(name) ?? []) {
    try {
      listener(...args);
    } catch (error) {
      console.error(error);
    }
  }
}

export function once(name, listener) {
  const wrapped = (...args) => {
    off(name, wrapped);
    listener(...args);
  };
  on(name, wrapped);
}
