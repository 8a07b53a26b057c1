#include "tests/chaos/bots/server/chaos_server.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>

#include <boost/asio/signal_set.hpp>

#include "common/runtime/log.h"
#include "common/runtime/settings.h"
#include "services/game_server/control.h"
#include "tests/chaos/bots/server/reported_match.h"

namespace mm::chaos {
namespace {

constexpr int kExitUsage = 64;
constexpr int kExitUnavailable = 69;
constexpr int kExitConfiguration = 78;

struct Settings {
  std::string server_id;
  std::string runtime_dir;
  std::string address = "127.0.0.1";
  int port = 0;
  int idle_seconds = 60;
  double game_seconds = 15;
  std::string log_level = "info";
  std::string history_dir;  ///< empty: the folder history in runtime_dir
  std::optional<double>
      shorter_game_seconds;  ///< overrides game_seconds, of which the orchestrator takes whole numbers
  int reports = 3;
  std::uint64_t seed = 0;  ///< 0: random
};

template <class F>
void describe(F& f, Settings& s) {
  using namespace fields;
  f("MM_SERVER_ID", s.server_id);
  f("MM_RUNTIME_DIR", s.runtime_dir);
  f("MM_GAME_ADDRESS", s.address, Optional{});
  f("MM_GAME_PORT", s.port, Optional{}, InRange{0, 65535});
  f("MM_GAME_SECONDS", s.game_seconds, Optional{}, InRange{0, 14'400});
  f("MM_GAME_IDLE_SECONDS", s.idle_seconds, Optional{}, InRange{1, 86'400});
  f("MM_LOG_LEVEL", s.log_level, Optional{});
  f("MM_CHAOS_HISTORY_DIR", s.history_dir, Optional{});
  f("MM_CHAOS_GAME_SECONDS", s.shorter_game_seconds, Optional{}, InRange{0, 14'400});
  f("MM_CHAOS_REPORTS", s.reports, Optional{}, InRange{1, 20});
  f("MM_CHAOS_SEED", s.seed, Optional{});
}

std::string name_of_process() { return "server-" + std::to_string(::getpid()); }

void harden_process() {
  std::signal(SIGPIPE, SIG_IGN);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);  // a core dump would contain tokens of running matches
}

class Server {
 public:
  Server(const Settings& settings, ServerId id, History history)
      : settings_(settings),
        id_(id),
        history_(std::move(history)),
        random_(settings.seed != 0 ? settings.seed : std::random_device{}()),
        http_(io_),
        hosting_{io_,
                 http_,
                 history_,
                 random_,
                 id.to_string(),
                 Milliseconds(static_cast<long>(settings.shorter_game_seconds.value_or(settings.game_seconds) * 1000)),
                 settings.reports,
                 [this](MatchId match) { on_played(match); },
                 [this](MatchId match) { forget(match); }},
        control_(io_, {[this] { return hello(); }, [this](game::HandOver match) { return host(std::move(match)); },
                       [this](MatchId match) { end(match); }}),
        signals_(io_, SIGTERM, SIGINT),
        idle_timer_(io_) {}

  int run() {
    const auto pid_path = settings_.runtime_dir + "/" + id_.to_string() + ".pid";
    std::ofstream(pid_path) << ::getpid() << "\n";
    const auto listening = control_.listen(settings_.runtime_dir, id_.to_string() + ".sock");
    if (!listening) {
      log::error("start_failed", {{"reason", listening.error()}});
      return kExitUnavailable;
    }
    signals_.async_wait([this](ErrorCode error, int) {
      if (!error) io_.stop();
    });
    check_idle();
    log::info("started");
    io_.run();
    ::unlink(pid_path.c_str());
    log::info("stopped", {{"lines", history_.lines()}});
    return 0;
  }

 private:
  game::ServerLine hello() const {
    game::ServerLine line;
    line.event = game::LineEvent::hello;
    line.server_id = id_;
    line.endpoint = settings_.address + ":" + std::to_string(settings_.port);
    line.capacity = game::kMatchesPerServer;
    line.matches = std::vector<MatchId>(hosted_.begin(), hosted_.end());
    return line;
  }

  std::optional<std::string> host(game::HandOver match) {
    const auto id = match.match_id;
    if (hosted_.contains(id)) return std::nullopt;
    if (ended_.contains(id)) return "the match has ended on this server";
    if (hosted_.size() >= static_cast<std::size_t>(game::kMatchesPerServer)) return "no slot is free";
    auto gateway = game::parse_gateway_url(match.gateway_url);
    if (!gateway) return "gateway_url is not http://host:port";
    hosted_.insert(id);
    auto hosted = std::make_shared<ReportedMatch>(hosting_, *std::move(gateway), std::move(match));
    matches_.emplace(id, hosted);
    hosted->start();
    return std::nullopt;
  }

  void end(MatchId match) {
    ended_.insert(match);
    const auto found = matches_.find(match);
    if (found == matches_.end()) return;
    const auto hosted = found->second;
    hosted->end();
  }

  void on_played(MatchId match) {
    ended_.insert(match);
    hosted_.erase(match);
    game::ServerLine line;
    line.event = game::LineEvent::ended;
    line.match_id = match;
    control_.send_to_all(line);
  }

  void forget(MatchId match) {
    matches_.erase(match);
    if (ended_.size() > kMaxEndedIds) ended_.erase(ended_.begin());  // ids sort by their time
  }

  void check_idle() {
    idle_for_ = control_.connected() || !matches_.empty() ? Seconds(0) : idle_for_ + Seconds(1);
    if (idle_for_ > Seconds(settings_.idle_seconds)) return io_.stop();
    idle_timer_.expires_after(Seconds(1));
    idle_timer_.async_wait([this](ErrorCode error) {
      if (!error) check_idle();
    });
  }

  static constexpr std::size_t kMaxEndedIds = 16'384;

  const Settings& settings_;
  const ServerId id_;
  asio::io_context io_{1};  // one thread, so no locks are needed
  History history_;
  Random random_;
  HttpClient http_;
  const Hosting hosting_;
  std::map<MatchId, std::shared_ptr<ReportedMatch>> matches_;
  std::set<MatchId> hosted_;  // matches with a slot
  std::set<MatchId> ended_;
  game::Control control_;
  asio::signal_set signals_;
  asio::steady_timer idle_timer_;
  Seconds idle_for_{0};
};

}  // namespace

int run_server(int argc, char** argv) {
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
  log::start("chaos_server", settings.server_id, level);
  const auto id = ServerId::parse(settings.server_id);
  if (!read) {
    for (const auto& problem : read.error().problems) log::error("setting_refused", {{"reason", problem}});
  } else if (!level_known || !id) {
    log::error("setting_refused", {{"reason", id ? "MM_LOG_LEVEL is not a log level" : "MM_SERVER_ID is not a UUID"}});
  }
  if (!read || !level_known || !id) return kExitConfiguration;
  if (settings.history_dir.empty()) {
    settings.history_dir = settings.runtime_dir + "/history";
    ::mkdir(settings.history_dir.c_str(), 0700);
  }
  const auto name = name_of_process();
  auto history = History::open(settings.history_dir + "/" + name + ".jsonl", name);
  if (!history) {
    log::error("start_failed", {{"reason", history.error()}});
    return kExitUnavailable;
  }
  return Server(settings, *id, *std::move(history)).run();
}

}  // namespace mm::chaos
