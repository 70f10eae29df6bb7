// Pops everything that is due. The clock is read once, so that a slow
// caller can't keep this loop alive.
std::vector<int> due() {
  const auto now = Clock::now();
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<int> ids;
  while (!heap_.empty() && heap_.front().due() <= now) {
    std::pop_heap(heap_.begin(), heap_.end());
    ids.push_back(heap_.back().id());
    heap_.pop_back();
  }
  return ids;
}
