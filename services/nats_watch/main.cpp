// Watches a nats-server, and kills it if it runs but stores nothing although its disk has room; see README.md.
//
//   nats_watch FOLDER PORT SECRETS PID [INTERVAL]
//
// FOLDER has the data of nats-server in `data`, PORT is its port, SECRETS the folder with nats_operator, the password
// of the operator. PID is the process to kill. INTERVAL: milliseconds between two checks, and the time that JetStream
// has to answer one.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/bus/bus.h"
#include "common/bus/jetstream_watch.h"
#include "common/contracts/bus_rights.h"
#include "common/runtime/credentials.h"
#include "common/runtime/log.h"
#include "common/runtime/start_errors.h"
#include "services/nats_watch/hang.h"

namespace mm::nats_watch {
namespace {

constexpr Milliseconds kStartTimeout{60'000};  // nats-server needs seconds to recover a large stream
constexpr Milliseconds kAnswerTimeout{1'000};
constexpr Milliseconds kTurn{100};

struct Arguments {
  std::string folder;
  std::string port;
  std::string secrets;
  int pid = 0;
  int interval = 1'000;
};

bool read_number(const char* text, int& number) {
  const std::string_view all(text);
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), number);
  return error == std::errc{} && end == all.data() + all.size() && number > 0;
}

std::optional<Arguments> read_arguments(int count, char** words) {
  if (count < 5 || count > 6) return std::nullopt;
  Arguments arguments{words[1], words[2], words[3]};
  if (!read_number(words[4], arguments.pid)) return std::nullopt;
  if (count == 6 && !read_number(words[5], arguments.interval)) return std::nullopt;
  return arguments;
}

/// Whether the file system takes data. Blocks while the disk does not answer: then a kill would not help either.
bool disk_works(const std::string& folder) {
  const auto path = folder + "/watch_probe";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const std::string data(1'000'000, '\0');
  const bool written = ::write(file, data.data(), data.size()) == static_cast<ssize_t>(data.size());
  const bool synced = written && ::fdatasync(file) == 0;
  ::close(file);
  ::unlink(path.c_str());
  return synced;
}

/// The times of the kills within `kMemory`, in seconds since 1970, from the file in which `remember` writes them.
std::vector<std::int64_t> recent_kills(const std::string& path, std::int64_t now) {
  std::vector<std::int64_t> kills;
  std::ifstream file(path);
  for (std::int64_t at = 0; file >> at;) {
    if (at <= now && now - at < kMemory.count()) kills.push_back(at);
  }
  return kills;
}

void remember(const std::string& path, std::vector<std::int64_t> kills, std::int64_t now) {
  kills.push_back(now);
  std::ofstream file(path);
  for (const auto at : kills) file << at << "\n";
}

std::int64_t seconds_now() {
  return std::chrono::duration_cast<Seconds>(SystemClock{}.now().time_since_epoch()).count();
}

class Watch {
 public:
  /// Throws StartRefused if the password is not valid.
  explicit Watch(Arguments arguments)
      : arguments_(std::move(arguments)),
        kills_path_(arguments_.folder + "/kills"),
        options_{"nats://127.0.0.1:" + arguments_.port, std::string(rights::kOperator),
                 runtime::Credentials(arguments_.secrets).require("nats_operator"), "nats_watch"} {}

  int run() {
    const auto kills = recent_kills(kills_path_, seconds_now());
    const auto patience = patience_after(kills.size());
    const auto flaw = wait_for_hang(patience);
    if (!flaw) return runtime::kExitUnavailable;
    // The last line in the log of nats-server, which `make status` shows.
    log::error("nats_server_killed",
               {{"reason", *flaw}, {"hung_ms", patience.count()}, {"kills_before", kills.size()}});
    remember(kills_path_, kills, seconds_now());
    ::kill(arguments_.pid, SIGKILL);
    return 0;
  }

 private:
  /// Returns why nats-server hangs, or nothing if it cannot be watched any more. The connection is closed then.
  std::optional<std::string> wait_for_hang(Milliseconds patience) {
    metrics::Registry metrics;
    const auto bus = bus::Bus::connect(options_, metrics, Deadline::after(kStartTimeout));
    if (!bus) {
      log::error("not_connected", {{"reason", bus.error()}});
      return std::nullopt;
    }
    bus::JetStreamWatch jetstream(**bus, rights::kOperator, metrics, Milliseconds{arguments_.interval});
    Hang hang(patience);
    while (!(*bus)->closed() && ::kill(arguments_.pid, 0) == 0) {
      jetstream.tick();
      auto flaw = jetstream.flaw();
      const auto seen = look(jetstream, flaw);
      tell_once(why_spared(seen));
      if (hang.is_over(seen, std::chrono::steady_clock::now())) return flaw;
      std::this_thread::sleep_for(kTurn);
    }
    return std::nullopt;
  }

  Seen look(const bus::JetStreamWatch& jetstream, const std::string& flaw) const {
    if (flaw.empty()) return {.works = true};
    Seen seen{.works = false, .has_worked = jetstream.has_worked()};
    seen.answers = seen.has_worked && answers();
    seen.disk_works = seen.answers && disk_works(arguments_.folder + "/data");
    return seen;
  }

  void tell_once(std::string_view why_spared) {
    if (why_spared == told_) return;
    told_ = why_spared;
    if (!told_.empty()) log::warning("nats_server_spared", {{"reason", told_}});
  }

  // By a new connection: the one of `jetstream` is blocked by a stream that does not answer.
  bool answers() const {
    metrics::Registry metrics;
    return bus::Bus::connect(options_, metrics, Deadline::after(kAnswerTimeout)).ok();
  }

  const Arguments arguments_;
  const std::string kills_path_;
  const bus::Options options_;
  std::string_view told_;  // of a text that why_spared returns
};

}  // namespace
}  // namespace mm::nats_watch

int main(int argc, char** argv) {
  const auto arguments = mm::nats_watch::read_arguments(argc, argv);
  if (!arguments) {
    std::fputs("usage: nats_watch FOLDER PORT SECRETS PID [INTERVAL]\n", stderr);
    return mm::runtime::kExitUsage;
  }
  mm::log::start("nats_watch", "nats_watch", mm::log::Level::info);
  try {
    return mm::nats_watch::Watch(*arguments).run();
  } catch (const mm::runtime::StartRefused& error) {
    mm::log::error("start_refused", {{"what", error.subject()}, {"reason", error.reasons().front()}});
    return mm::runtime::kExitConfig;
  }
}
