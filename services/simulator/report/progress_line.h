// Progress of a long run on standard error: one line that is overwritten on a terminal, else a new line every 10 s.
#pragma once

#include <chrono>
#include <string>

namespace mm::simulator {

class ProgressLine {
 public:
  explicit ProgressLine(bool quiet = false);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Limits its own rate by dropping texts, so it may be called at any rate.
  void show(const std::string& text);
  void clear();

 private:
  bool quiet_;
  bool terminal_;
  std::size_t width_ = 0;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace mm::simulator
