// Edits to begin with, as models write them.

export interface Example {
  title: string;
  path: string;
  original: string;
  snippet: string;
  instruction?: string;
}

const STORE = `import requests


class Store:
    def __init__(self, url):
        self.url = url
        self.session = requests.Session()

    def get(self, key):
        answer = self.session.get(f"{self.url}/{key}")
        answer.raise_for_status()
        return answer.json()

    def put(self, key, value):
        answer = self.session.put(f"{self.url}/{key}", json=value)
        answer.raise_for_status()
`;

const CART = `import { useMemo, useState } from "react";
import type { Item } from "./items";

interface Props {
  items: Item[];
  onOrder: (items: Item[]) => void;
}

export function Cart({ items, onOrder }: Props) {
  const [open, setOpen] = useState(false);
  const total = useMemo(() => items.reduce((sum, item) => sum + item.price, 0), [items]);

  return (
    <aside className="cart">
      <button onClick={() => setOpen(!open)}>Cart ({items.length})</button>
      {open && (
        <ul>
          {items.map((item) => (
            <li key={item.id}>{item.name}</li>
          ))}
        </ul>
      )}
      <p>Total: {total}</p>
      <button onClick={() => onOrder(items)}>Order</button>
    </aside>
  );
}
`;

const LIMITER = `package limit

import (
	"sync"
	"time"
)

// Limiter lets a number of calls through in each interval.
type Limiter struct {
	mu       sync.Mutex
	left     int
	most     int
	interval time.Duration
}

func New(most int, interval time.Duration) *Limiter {
	limiter := &Limiter{left: most, most: most, interval: interval}
	go limiter.refill()
	return limiter
}

func (l *Limiter) Allow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left == 0 {
		return false
	}
	l.left--
	return true
}

func (l *Limiter) refill() {
	for range time.Tick(l.interval) {
		l.mu.Lock()
		l.left = l.most
		l.mu.Unlock()
	}
}
`;

const QUEUE = `class Queue:
    def __init__(self):
        self.items = []
        self.seen = 0

    def push(self, item):
        self.seen += 1
        self.items.append(item)

    def push_all(self, items):
        for item in items:
            self.push(item)

    def pop(self):
        self.seen += 1
        return self.items.pop(0)
`;

const CONFIG = `use std::collections::HashMap;
use std::fs;
use std::path::Path;

pub struct Config {
    values: HashMap<String, String>,
}

impl Config {
    pub fn load(path: &Path) -> std::io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let values = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        Ok(Config { values })
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}
`;

const COMPOSE = `services:
  web:
    image: registry.example/web:1.4
    ports:
      - "8080:8080"
    environment:
      LOG_LEVEL: info
    depends_on:
      - store
  store:
    image: redis:7
    volumes:
      - data:/data

volumes:
  data: {}
`;

export const EXAMPLES: Example[] = [
  {
    title: "Python: lines left out, a method added",
    path: "store.py",
    original: STORE,
    snippet: `// ... existing code ...
    def get(self, key, default=None):
        answer = self.session.get(f"{self.url}/{key}")
        if answer.status_code == 404:
            return default
        // ... existing code ...

    def put(self, key, value):
        // ... existing code ...

    def delete(self, key):
        self.session.delete(f"{self.url}/{key}").raise_for_status()
`,
  },
  {
    title: "In doubt: the line stands in two methods",
    path: "queue.py",
    original: QUEUE,
    snippet: `# ... existing code ...
        self.seen += 1
        self.log()
# ... existing code ...
`,
  },
  {
    title: "In doubt: between two markers",
    path: "store.py",
    original: STORE,
    snippet: `class Store:
    # ... existing code ...
    def close(self):
        self.session.close()
    # ... existing code ...
`,
  },
  {
    title: "TSX: a component, markers inside JSX",
    path: "src/Cart.tsx",
    instruction: "Show each price, and disable the button of an empty cart.",
    original: CART,
    snippet: `export function Cart({ items, onOrder }: Props) {
  // ... existing code ...
          {items.map((item) => (
            <li key={item.id}>
              {item.name} <span>{item.price}</span>
            </li>
          ))}
        {/* ... existing code ... */}
      <p>Total: {total}</p>
      <button onClick={() => onOrder(items)} disabled={items.length === 0}>
        Order
      </button>
    </aside>
  );
}
`,
  },
  {
    title: "Go: a field and a method",
    path: "limit/limiter.go",
    original: LIMITER,
    snippet: `type Limiter struct {
	mu       sync.Mutex
	left     int
	most     int
	refused  int
	// ... existing code ...
}

// ... existing code ...

func (l *Limiter) Allow() bool {
	// ... existing code ...
	if l.left == 0 {
		l.refused++
		return false
	}
	// ... existing code ...
}

// Refused is the number of calls that were not let through.
func (l *Limiter) Refused() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// ... existing code ...
`,
  },
  {
    title: "Rust: search and replace blocks",
    path: "src/config.rs",
    original: CONFIG,
    snippet: `<<<<<<< SEARCH
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.to_string(), value.to_string()))
=======
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.trim().to_string(), value.trim().to_string()))
>>>>>>> REPLACE
`,
  },
  {
    title: "YAML: a unified diff with wrong line numbers",
    path: "compose.yaml",
    original: COMPOSE,
    snippet: `--- a/compose.yaml
+++ b/compose.yaml
@@ -1,4 +1,5 @@
     environment:
-      LOG_LEVEL: info
+      LOG_LEVEL: debug
+      STORE_URL: redis://store:6379
     depends_on:
       - store
`,
  },
];
