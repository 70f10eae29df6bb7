// ... existing code ...
    heap_.erase(it);
    rebuild();
    return true;
  }
// ... existing code ...
 private:
  void rebuild() { std::make_heap(heap_.begin(), heap_.end()); }

  std::mutex mutex_;
// ... existing code ...
