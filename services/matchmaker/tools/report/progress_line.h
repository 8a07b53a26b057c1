// Shows how far a long run is, on standard error: one line that renews itself on a terminal, else a line now and then.
#pragma once

#include <chrono>
#include <string>

namespace mm::matchmaker::tools {

class ProgressLine {
 public:
  explicit ProgressLine(bool quiet = false);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Shown at once or not at all, so it may be called as often as one likes.
  void show(const std::string& text);
  void clear();

 private:
  bool quiet_;
  bool terminal_;
  std::size_t width_ = 0;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace mm::matchmaker::tools
