#include "scheduler.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <vector>

namespace tick {

using Clock = std::chrono::steady_clock;

class Task {
 public:
  Task(int id, Clock::time_point due) : id_(id), due_(due) {}

  int id() const { return id_; }
  Clock::time_point due() const { return due_; }

  bool operator<(const Task& other) const { return due_ > other.due_; }

 private:
  int id_;
  Clock::time_point due_;
};

class Scheduler {
 public:
  Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  int after(std::chrono::milliseconds delay) {
    std::lock_guard<std::mutex> lock(mutex_);
    const int id = next_id_++;
    heap_.emplace_back(id, Clock::now() + delay);
    std::push_heap(heap_.begin(), heap_.end());
    return id;
  }

  bool cancel(int id) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto it = std::find_if(heap_.begin(), heap_.end(),
                           [id](const Task& task) { return task.id() == id; });
    if (it == heap_.end()) {
      return false;
    }
    heap_.erase(it);
    std::make_heap(heap_.begin(), heap_.end());
    return true;
  }

  std::vector<int> due() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::vector<int> ids;
    while (!heap_.empty() && heap_.front().due() <= Clock::now()) {
      std::pop_heap(heap_.begin(), heap_.end());
      ids.push_back(heap_.back().id());
      heap_.pop_back();
    }
    return ids;
  }

 private:
  std::mutex mutex_;
  std::vector<Task> heap_;
  int next_id_ = 1;
};

}  // namespace tick
