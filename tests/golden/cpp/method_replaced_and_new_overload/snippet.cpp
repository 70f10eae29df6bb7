// ... existing code ...

class Scheduler {
 public:
  // ... constructors unchanged ...

  int after(std::chrono::milliseconds delay) {
    return at(Clock::now() + delay);
  }

  int at(Clock::time_point when) {
    std::lock_guard<std::mutex> lock(mutex_);
    const int id = next_id_++;
    heap_.emplace_back(id, when);
    std::push_heap(heap_.begin(), heap_.end());
    return id;
  }

  bool cancel(int id) {
    // ... existing code ...
  }

  // ... existing code ...
};

}  // namespace tick
