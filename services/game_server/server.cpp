#include "services/game_server/server.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>

#include <boost/asio/signal_set.hpp>

#include "common/runtime/log.h"
#include "common/runtime/settings.h"
#include "services/game_server/control.h"
#include "services/game_server/player_listener.h"

namespace mm::game {
namespace {

constexpr int kExitUsage = 64;
constexpr int kExitUnavailable = 69;
constexpr int kExitConfiguration = 78;
constexpr int kExitPortTaken = 98;

struct Settings {
  std::string server_id;
  std::string runtime_dir;
  std::string address = "127.0.0.1";
  int port = 0;  // 0: any free one
  int game_seconds = 15;
  int idle_seconds = 60;
  std::string log_level = "info";
};

template <class F>
void describe(F& f, Settings& s) {
  using namespace fields;
  f("MM_SERVER_ID", s.server_id);
  f("MM_RUNTIME_DIR", s.runtime_dir);
  f("MM_GAME_ADDRESS", s.address, Optional{});
  f("MM_GAME_PORT", s.port, Optional{}, InRange{0, 65535});
  f("MM_GAME_SECONDS", s.game_seconds, Optional{}, InRange{1, 14'400});
  f("MM_GAME_IDLE_SECONDS", s.idle_seconds, Optional{}, InRange{1, 86'400});
  f("MM_LOG_LEVEL", s.log_level, Optional{});
}

// `<folder>/<server_id>.pid`, by which the script that stops the stack finds servers that outlived their orchestrator.
class PidFile {
 public:
  explicit PidFile(std::string path) : path_(std::move(path)) {
    const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return;
    const auto text = std::to_string(::getpid()) + "\n";
    written_ = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(file);
  }
  ~PidFile() { ::unlink(path_.c_str()); }
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  bool written() const { return written_; }

 private:
  const std::string path_;
  bool written_ = false;
};

void harden_process() {
  std::signal(SIGPIPE, SIG_IGN);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);  // a core dump would contain tokens of running matches
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

class Server {
 public:
  Server(const Settings& settings, ServerId id)
      : settings_(settings),
        id_(id),
        gateway_(io_),
        matches_(io_, gateway_, Seconds(settings.game_seconds), [this](MatchId match) { send_ended(match); }),
        control_(io_, {[this] { return hello(); }, [this](HandOver match) { return matches_.host(std::move(match)); },
                       [this](MatchId match) { matches_.end(match); }}),
        players_(io_, matches_),
        signals_(io_, SIGTERM, SIGINT),
        idle_timer_(io_) {}

  int run() {
    const auto port = players_.listen(settings_.address, settings_.port);
    if (!port) return refuse(port.error(), kExitPortTaken);
    endpoint_ = settings_.address + ":" + std::to_string(*port);
    const PidFile pid(settings_.runtime_dir + "/" + id_.to_string() + ".pid");
    if (!pid.written()) return refuse("cannot write in " + settings_.runtime_dir, kExitUnavailable);
    const auto listening = control_.listen(settings_.runtime_dir, id_.to_string() + ".sock");
    if (!listening) return refuse(listening.error(), kExitUnavailable);
    signals_.async_wait([this](ErrorCode error, int) {
      if (!error) io_.stop();
    });
    check_idle();
    log::info("started", {{"endpoint", endpoint_}});
    io_.run();
    log::info("stopped");
    return 0;
  }

 private:
  static int refuse(const std::string& reason, int status) {
    log::error("start_failed", {{"reason", reason}});
    return status;
  }

  ServerLine hello() const {
    ServerLine line;
    line.event = LineEvent::hello;
    line.server_id = id_;
    line.endpoint = endpoint_;
    line.capacity = kMatchesPerServer;
    line.matches = matches_.hosted();
    return line;
  }

  void send_ended(MatchId match) {
    ServerLine line;
    line.event = LineEvent::ended;
    line.match_id = match;
    control_.send_to_all(line);
  }

  void check_idle() {
    idle_for_ = control_.connected() || !matches_.empty() ? Seconds(0) : idle_for_ + Seconds(1);
    if (idle_for_ > Seconds(settings_.idle_seconds)) return io_.stop();
    idle_timer_.expires_after(Seconds(1));
    idle_timer_.async_wait([this](ErrorCode error) {
      if (!error) check_idle();
    });
  }

  const Settings& settings_;
  const ServerId id_;
  std::string endpoint_;
  asio::io_context io_{1};  // one thread, so no locks are needed
  GatewayClient gateway_;
  Matches matches_;
  Control control_;
  PlayerListener players_;
  asio::signal_set signals_;
  asio::steady_timer idle_timer_;
  Seconds idle_for_{0};
};

}  // namespace

int run(int argc, char** argv) {
  if (argc > 1) {
    std::fprintf(stderr, "%s takes no arguments; its settings are environment variables\n", argv[0]);
    return kExitUsage;
  }
  harden_process();
  Settings settings;
  const auto variables = runtime::environment();
  const auto read = runtime::read_settings(variables, settings);
  auto level = log::Level::info;
  const bool level_known = log::parse_level(settings.log_level, level);
  log::start("game_server", settings.server_id, level);
  const auto id = ServerId::parse(settings.server_id);
  if (!read) {
    for (const auto& problem : read.error().problems) log::error("setting_refused", {{"reason", problem}});
  } else if (!level_known || !id) {
    log::error("setting_refused", {{"reason", id ? "MM_LOG_LEVEL is not a log level" : "MM_SERVER_ID is not a UUID"}});
  }
  if (!read || !level_known || !id) return kExitConfiguration;
  return Server(settings, *id).run();
}

}  // namespace mm::game
