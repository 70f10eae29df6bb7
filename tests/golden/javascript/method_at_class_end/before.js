'use strict';

const fs = require('fs');
const path = require('path');
const { EventEmitter } = require('events');

const DEFAULTS = {
  interval: 250,
  recursive: true,
  ignore: ['.git', 'node_modules'],
};

/**
 * Watches a folder by polling, for file systems without notifications.
 */
class PollWatcher extends EventEmitter {
  constructor(root, options = {}) {
    super();
    this.root = path.resolve(root);
    this.options = { ...DEFAULTS, ...options };
    this.seen = new Map();
    this.timer = null;
  }

  start() {
    if (this.timer) {
      return this;
    }
    this.scan();
    this.timer = setInterval(() => this.scan(), this.options.interval);
    return this;
  }

  stop() {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    }
    return this;
  }

  ignored(name) {
    return this.options.ignore.includes(name);
  }

  scan() {
    const found = new Set();
    this.walk(this.root, found);
    for (const file of this.seen.keys()) {
      if (!found.has(file)) {
        this.seen.delete(file);
        this.emit('removed', file);
      }
    }
  }

  walk(dir, found) {
    for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
      if (this.ignored(entry.name)) {
        continue;
      }
      const full = path.join(dir, entry.name);
      if (entry.isDirectory()) {
        if (this.options.recursive) {
          this.walk(full, found);
        }
        continue;
      }
      const { mtimeMs } = fs.statSync(full);
      found.add(full);
      if (!this.seen.has(full)) {
        this.emit('added', full);
      } else if (this.seen.get(full) !== mtimeMs) {
        this.emit('changed', full);
      }
      this.seen.set(full, mtimeMs);
    }
  }
}

function watch(root, options) {
  return new PollWatcher(root, options).start();
}

module.exports = { PollWatcher, watch, DEFAULTS };
