// ... existing code ...

export function emit(name, ...args) {
  for (const listener of listeners.get(name) ?? []) {
    try {
      listener(...args);
    } catch (error) {
      console.error(error);
    }
  }
}

// ... existing code ...
