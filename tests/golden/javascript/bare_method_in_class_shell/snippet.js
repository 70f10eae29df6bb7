class PollWatcher extends EventEmitter {
  // ... existing code ...

  ignored(name) {
    return this.options.ignore.some((rule) =>
      rule instanceof RegExp ? rule.test(name) : rule === name
    );
  }

  // ... existing code ...
}
