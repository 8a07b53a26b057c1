#include "services/simulator/report/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace mm::simulator {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{150};
constexpr std::chrono::seconds kPlainInterval{10};

}  // namespace

ProgressLine::ProgressLine(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {
  if (!terminal_) next_ = std::chrono::steady_clock::now() + kPlainInterval;
}

void ProgressLine::show(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (quiet_ || now < next_) return;
  if (terminal_) {
    const std::size_t width = text.size();
    std::fprintf(stderr, "\r%s%s", text.c_str(), std::string(width_ > width ? width_ - width : 0, ' ').c_str());
    std::fflush(stderr);
    width_ = std::max(width_, width);
    next_ = now + kTerminalInterval;
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
    next_ = now + kPlainInterval;
  }
}

void ProgressLine::clear() {
  if (width_ == 0) return;
  std::fprintf(stderr, "\r%s\r", std::string(width_, ' ').c_str());
  std::fflush(stderr);
  width_ = 0;
}

}  // namespace mm::simulator
