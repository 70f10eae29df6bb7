// ... existing code ...
class PollWatcher extends EventEmitter {
  // ... existing methods ...

  files() {
    return [...this.seen.keys()].sort();
  }
}

function watch(root, options) {
// ... existing code ...
