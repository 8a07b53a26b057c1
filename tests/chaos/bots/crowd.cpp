#include "tests/chaos/bots/crowd.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <set>

#include <boost/asio/signal_set.hpp>

#include "services/gateway/core/public_figures.h"
#include "tests/chaos/bots/bot.h"

namespace mm::chaos {
namespace {

constexpr int kExitUnavailable = 69;
constexpr int kExitCannotCreate = 73;
constexpr int kExitNotAtRest = 75;

constexpr Milliseconds kTick{20};
constexpr Seconds kReportInterval{5};
constexpr Seconds kGatewayTimeout{30};
constexpr Milliseconds kPause{500};
constexpr Seconds kGoodbyeTime{3};
// Of the actions, this share is spent on bots that have no login yet, so that matches begin early in a run.
constexpr double kNewcomerShare = 0.5;

SteadyPoint now() { return std::chrono::steady_clock::now(); }

double seconds(SteadyPoint::duration time) { return std::chrono::duration<double>(time).count(); }

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

void allow_many_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

/// Different in each run, so that a stack can be used for several runs.
std::string run_prefix() {
  auto stamp = static_cast<std::uint64_t>(
      std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  std::string out;
  for (; stamp > 0; stamp /= 36) out += "0123456789abcdefghijklmnopqrstuvwxyz"[stamp % 36];
  return "c" + out;
}

class Crowd {
 public:
  Crowd(const Options& options, History history, int canaries)
      : options_(options),
        history_(std::move(history)),
        canaries_(canaries),
        random_(options.seed),
        began_(now()),
        stats_(began_),
        http_(io_),
        requests_(options.rate, began_),
        connects_(std::max(options.rate, options.players / 2.0), began_),
        caller_(options.gateways, history_, http_, requests_, schedule_, random_, stats_),
        world_{io_,       history_, caller_, requests_,    connects_,
               schedule_, random_,  stats_,  run_prefix(), [this](const std::string& secret) { plant(secret); },
               {},        {},       {},      false},
        signals_(io_, SIGTERM, SIGINT),
        timer_(io_) {}

  int run() {
    ask_for_modes();
    io_.run();
    if (world_.bots.empty()) {
      std::fprintf(stderr, "the gateways do not answer, or serve none of the modes\n");
      return kExitUnavailable;
    }
    print_summary();
    return at_rest() ? 0 : kExitNotAtRest;
  }

 private:
  enum class Stage { load, drain, goodbye };

  void plant(const std::string& secret) {
    const auto line = secret + "\n";
    if (::write(canaries_, line.data(), line.size()) == static_cast<ssize_t>(line.size())) return;
    std::fprintf(stderr, "the file of the canaries cannot be written\n");
    std::_Exit(History::kExitNotWritten);
  }

  void ask_for_modes() {
    HttpRequest request;
    request.target = "/v1/modes";
    const auto& gateway = options_.gateways[modes_asked_++ % options_.gateways.size()];
    http_.send(gateway, request, [this](const HttpAnswer& answer) {
      const auto served = answer.status == 200 ? read_as<gateway::PublicModes>(answer) : std::nullopt;
      if (served) return start(*served);
      if (now() - began_ > kGatewayTimeout) return;  // io_ has no more work
      timer_.expires_after(kPause);
      timer_.async_wait([this](ErrorCode error) {
        if (!error) ask_for_modes();
      });
    });
  }

  void start(const gateway::PublicModes& served) {
    const std::set<std::string> wanted(options_.modes.begin(), options_.modes.end());
    for (const auto& mode : served.modes) {
      if (!wanted.empty() && !wanted.contains(mode.mode.str())) continue;
      world_.modes.push_back({mode.mode.str(), mode.team_sizes});
      std::sort(world_.modes.back().team_sizes.begin(), world_.modes.back().team_sizes.end());
    }
    if (world_.modes.empty()) return;
    for (int i = 0; i < options_.players; ++i) world_.bots.push_back(std::make_unique<Bot>(world_, i));
    signals_.async_wait([this](ErrorCode error, int) {
      if (!error && stage_ == Stage::load) begin_drain();
    });
    report_at_ = now() + kReportInterval;
    print("load");
    tick();
  }

  void tick() {
    const auto at = now();
    schedule_.run(at);
    connects_.run(at, [] { return false; });
    switch (stage_) {
      case Stage::load:
        requests_.run(at, [this] { return act(); });
        if (at - began_ >= Seconds(options_.seconds)) begin_drain();
        break;
      case Stage::drain:
        requests_.run(at, [this] { return drain(); });
        if (at_rest() || at >= drain_until_) begin_goodbye();
        break;
      case Stage::goodbye:
        if (at >= goodbye_until_ || online() == 0) return io_.stop();
        break;
    }
    report(at);
    timer_.expires_after(kTick);
    timer_.async_wait([this](ErrorCode error) {
      if (!error) tick();
    });
  }

  bool act() {
    while (newcomer_ < world_.bots.size() && world_.bots[newcomer_]->logged_in()) ++newcomer_;
    if (newcomer_ < world_.bots.size() && random_.chance(kNewcomerShare)) {
      // A few beyond the first, because that one may be waiting for its answer.
      const auto last = std::min(newcomer_ + 32, world_.bots.size());
      for (auto i = newcomer_; i < last; ++i) {
        if (!world_.bots[i]->logged_in() && world_.bots[i]->act()) return true;
      }
    }
    const auto known = std::max<std::size_t>(newcomer_, 1);
    for (int tries = 0; tries < 8; ++tries) {
      if (world_.bots[random_.below(known)]->act()) return true;
    }
    return false;
  }

  void begin_drain() {
    stage_ = Stage::drain;
    world_.draining = true;
    load_took_ = now() - began_;
    load_attempts_ = stats_.attempts();
    load_cpu_ = cpu_seconds();
    stats_.load_ended(now());
    drain_until_ = now() + Seconds(options_.drain);
    print("drain");
  }

  bool drain() {
    for (std::size_t i = 0; i < world_.bots.size(); ++i) {
      next_ = (next_ + 1) % world_.bots.size();
      if (world_.bots[next_]->drain()) return true;
    }
    return false;
  }

  void begin_goodbye() {
    stage_ = Stage::goodbye;
    goodbye_until_ = now() + kGoodbyeTime;
    print("end");
    for (const auto& bot : world_.bots) bot->leave();
  }

  bool at_rest() const {
    return std::all_of(world_.bots.begin(), world_.bots.end(), [](const auto& bot) { return bot->at_rest(); });
  }
  std::ptrdiff_t online() const {
    return std::count_if(world_.bots.begin(), world_.bots.end(), [](const auto& bot) { return bot->online(); });
  }

  void report(SteadyPoint at) {
    if (at < report_at_) return;
    const auto attempts = stats_.attempts();
    char line[160];
    std::snprintf(line, sizeof line, "%td online, %.0f attempts/s, %zu matches, %lld unknown outcomes, %zu waiting",
                  online(),
                  static_cast<double>(attempts - reported_attempts_) / static_cast<double>(kReportInterval.count()),
                  stats_.matches(), static_cast<long long>(stats_.unknown()), requests_.waiting());
    print(line);
    reported_attempts_ = attempts;
    report_at_ = at + kReportInterval;
  }

  void print(const char* what) const {
    std::printf("%7.1f s  %s\n", seconds(now() - began_), what);
    std::fflush(stdout);
  }

  void print_summary() const {
    std::printf("\n%s", stats_.summary().c_str());
    const auto attempts = static_cast<double>(load_attempts_);
    std::printf(
        "load: %.1f s, %.1f attempts/s; CPU time of this program: %.2f s, %.1f %% of a core per 100 attempts/s\n",
        seconds(load_took_), attempts / seconds(load_took_), load_cpu_, load_cpu_ / std::max(1.0, attempts) * 1e4);
    std::printf("%lld lines of history\n", static_cast<long long>(history_.lines()));
    int shown = 0;
    for (const auto& bot : world_.bots) {
      const auto rest = bot->remains();
      if (rest.empty()) continue;
      if (++shown <= 10) std::printf("still in progress: %s\n", rest.c_str());
    }
    if (shown > 10) std::printf("and %d more\n", shown - 10);
  }

  const Options& options_;
  asio::io_context io_{1};  // one thread, so no locks are needed
  History history_;
  const int canaries_;
  Random random_;
  const SteadyPoint began_;
  Stats stats_;
  HttpClient http_;
  Pacer requests_;
  Pacer connects_;
  Schedule schedule_;
  Caller caller_;
  World world_;
  asio::signal_set signals_;
  asio::steady_timer timer_;

  Stage stage_ = Stage::load;
  std::size_t modes_asked_ = 0;
  std::size_t newcomer_ = 0;  // the first bot without a login
  std::size_t next_ = 0;
  SteadyPoint drain_until_;
  SteadyPoint goodbye_until_;
  SteadyPoint report_at_;
  std::int64_t reported_attempts_ = 0;
  SteadyPoint::duration load_took_{};
  std::int64_t load_attempts_ = 0;
  double load_cpu_ = 0;
};

}  // namespace

int run_crowd(const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);
  allow_many_files();
  auto history = History::open(options.history, "bots");
  if (!history) return std::fprintf(stderr, "%s\n", history.error().c_str()), kExitCannotCreate;
  const int canaries = ::open(options.canaries.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (canaries < 0) {
    std::fprintf(stderr, "cannot create %s\n", options.canaries.c_str());
    return kExitCannotCreate;
  }
  const int status = Crowd(options, *std::move(history), canaries).run();
  ::close(canaries);
  return status;
}

}  // namespace mm::chaos
