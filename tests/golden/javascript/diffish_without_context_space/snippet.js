// ... existing code ...
  stop() {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
+      this.emit('stopped');
    }
    return this;
  }
// ... existing code ...
-      const { mtimeMs } = fs.statSync(full);
+      const { mtimeMs, size } = fs.statSync(full);
+      const stamp = `${mtimeMs}:${size}`;
      found.add(full);
      if (!this.seen.has(full)) {
        this.emit('added', full);
-      } else if (this.seen.get(full) !== mtimeMs) {
+      } else if (this.seen.get(full) !== stamp) {
        this.emit('changed', full);
      }
-      this.seen.set(full, mtimeMs);
+      this.seen.set(full, stamp);
// ... existing code ...
