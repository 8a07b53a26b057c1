// A mutex orders the lines. poll() checks before each write that it would not block, so a reader that has stopped (or a
// full disk) costs log lines and never delays a request.
#include "common/runtime/log.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>

#include "common/base/mutex.h"
#include "common/runtime/trace.h"
#include "common/wire/json.h"
#include "common/wire/time_text.h"

namespace mm::log {
namespace {

constexpr std::size_t kMaxTextBytes = 256;

constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error"};

struct Logger {
  std::string service;
  std::string instance;
  std::atomic<Level> level{Level::info};
  Mutex mutex;
  bool torn GUARDED_BY(mutex) = false;  // the last line was written in part; the next one begins with a line break
  std::atomic<std::uint64_t> dropped{0};
};

Logger& logger() {
  static Logger the_logger;
  return the_logger;
}

// Truncates at a character boundary, so that the text stays valid UTF-8.
std::string_view cut(std::string_view text) {
  if (text.size() <= kMaxTextBytes) return text;
  std::size_t length = kMaxTextBytes;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  return text.substr(0, length);
}

struct WriteValue {
  json::Writer& writer;
  void operator()(const std::string& text) const { writer.string(cut(text)); }
  void operator()(std::int64_t number) const { writer.integer(number); }
  void operator()(double number) const { writer.real(number); }
  void operator()(bool truth) const { writer.boolean(truth); }
};

std::string format(Level level, std::string_view event, std::initializer_list<Field> fields) {
  auto& log = logger();
  const auto now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  json::Writer writer;
  const auto text = [&](std::string_view key, std::string_view value) {
    writer.key(key);
    writer.string(cut(value));
  };
  writer.begin_object();
  text("time", wire::format_time(now));
  text("level", kLevels[static_cast<std::size_t>(level)]);
  text("service", log.service);
  text("instance", log.instance);
  text("event", event);
  if (const auto& trace = trace::current(); !trace.none()) text("trace_id", trace.trace_id_text());
  for (const auto& field : fields) {
    writer.key(field.key);
    std::visit(WriteValue{writer}, field.value);
  }
  writer.end_object();
  return writer.take() + "\n";
}

// A pipe that is writable for poll() takes PIPE_BUF bytes atomically and without blocking; a file always does.
bool write_line(std::string_view line, bool& torn) {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  if (poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0) return false;
  ssize_t written = 0;
  do {
    written = ::write(STDOUT_FILENO, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(line.size())) {
    torn = false;
    return true;
  }
  if (written > 0) torn = true;
  return false;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  auto& log = logger();
  if (level < log.level.load(std::memory_order_relaxed)) return;
  auto line = format(level, event, fields);
  if (line.size() >= PIPE_BUF) line = format(level, event, {Field("fields_too_long", true)});
  const MutexLock lock(log.mutex);
  if (log.torn) line.insert(line.begin(), '\n');
  if (!write_line(line, log.torn)) ++log.dropped;
}

}  // namespace

void start(std::string_view service, std::string_view instance, Level level) {
  auto& log = logger();
  log.service = service;
  log.instance = instance;
  log.level = level;
}

bool parse_level(std::string_view name, Level& out) {
  for (std::size_t i = 0; i < std::size(kLevels); ++i) {
    if (kLevels[i] != name) continue;
    out = static_cast<Level>(i);
    return true;
  }
  return false;
}

void debug(std::string_view event, std::initializer_list<Field> fields) { write(Level::debug, event, fields); }
void info(std::string_view event, std::initializer_list<Field> fields) { write(Level::info, event, fields); }
void warning(std::string_view event, std::initializer_list<Field> fields) { write(Level::warning, event, fields); }
void error(std::string_view event, std::initializer_list<Field> fields) { write(Level::error, event, fields); }

std::uint64_t dropped() { return logger().dropped.load(); }

}  // namespace mm::log
