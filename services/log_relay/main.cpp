// log_relay: copies standard input to standard output, and drops what standard output does not take at once. It stands
// between a process and the writer of its log (README.md), so that a full log volume or a stopped writer never blocks
// the process.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

// The pipe to the writer is non-blocking. A line that was written in part is ended with a line break before the next.
class Output {
 public:
  void take(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      const auto length = end == std::string_view::npos ? bytes.size() : end + 1;
      take_line(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }

 private:
  // A piece is a line, or a part of a line that is longer than one read.
  void take_line(std::string_view piece) {
    const bool ends = piece.back() == '\n';
    if (!skipping_ && !report()) skipping_ = true;
    if (!skipping_ && !write_all(piece)) skipping_ = true;
    if (skipping_ && ends) {
      ++dropped_;
      skipping_ = false;
    }
  }

  bool report() {
    if (dropped_ == 0) return true;
    const auto text = std::string(torn_ ? "\n" : "") + "log_relay: " + std::to_string(dropped_) +
                      " lines were dropped, because the log could not be written\n";
    if (!write_all(text)) return false;
    dropped_ = 0;
    return true;
  }

  bool write_all(std::string_view bytes) {
    while (true) {
      const auto written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
      if (written == static_cast<ssize_t>(bytes.size())) {
        torn_ = bytes.back() != '\n';
        return true;
      }
      if (written < 0 && errno == EINTR) continue;
      if (written > 0) torn_ = true;
      return false;
    }
  }

  bool skipping_ = false;  // the rest of the present line is dropped
  bool torn_ = false;      // the last written byte is not the end of a line
  unsigned long dropped_ = 0;
};

}  // namespace

int main() {
  ::signal(SIGPIPE, SIG_IGN);
  // The supervisor ends the process first. The relay then reads the rest and ends with its input.
  ::signal(SIGTERM, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  ::fcntl(STDOUT_FILENO, F_SETFL, ::fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
  Output output;
  static char buffer[kBufferBytes];
  while (true) {
    const auto count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return 0;
    output.take({buffer, static_cast<std::size_t>(count)});
  }
}
