// ... existing code ...
 #include <algorithm>
+#include <atomic>
 #include <chrono>
// ... existing code ...
   int after(std::chrono::milliseconds delay) {
-    std::lock_guard<std::mutex> lock(mutex_);
     const int id = next_id_++;
+    std::lock_guard<std::mutex> lock(mutex_);
     heap_.emplace_back(id, Clock::now() + delay);
// ... existing code ...
-  int next_id_ = 1;
+  std::atomic<int> next_id_{1};
 };
// ... existing code ...
