// Latency test: measures the time from the last enqueue of a 5 v 5 to `match_found` on all ten sockets, with clients
// that use the SDK. Needs a running stack with short matches and without rate limits:
//
//   MM_RATE_LIMITS=off MM_GAME_SECONDS=1 make up && ops/with-stack build/release/bin/mm-found-latency 200
//
// Prints the distribution in milliseconds. "Last enqueue" is the time when its request is sent, so the figure includes
// the whole path: HTTP, lobby, matchmaker, the rest of the tick, the commit and the frames.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "matchmaker/matchmaker.h"

namespace {

namespace mm = matchmaker;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPlayers = 10;
constexpr std::size_t kGroups = 6;  // groups of ten players that take turns, while the matches of the other groups end

struct Player {
  std::unique_ptr<mm::Client> client;
  bool online = false;
  bool busy = false;  ///< in a match that is not over
  Clock::time_point found{};
};

class Trials {
 public:
  Trials(std::string gateway, int count) : gateway_(std::move(gateway)), count_(count), players_(kPlayers * kGroups) {}

  int run() {
    if (!come_online()) return 1;
    std::vector<double> waits;
    for (int trial = 0; trial < count_; ++trial) {
      const auto wait = run_trial(static_cast<std::size_t>(trial) % kGroups, trial);
      if (wait < 0) return 1;
      waits.push_back(wait);
      if ((trial + 1) % 20 == 0) std::printf("%d of %d\n", trial + 1, count_), std::fflush(stdout);
    }
    std::sort(waits.begin(), waits.end());
    const auto at = [&](double share) {
      return waits[static_cast<std::size_t>(share * static_cast<double>(waits.size() - 1))];
    };
    std::printf(
        "last enqueue to match_found on all ten sockets, %d trials, ms: p50 %.1f  p90 %.1f  p99 %.1f  max %.1f\n",
        count_, at(0.5), at(0.9), at(0.99), waits.back());
    return 0;
  }

 private:
  bool come_online() {
    const auto run = std::to_string(Clock::now().time_since_epoch().count() % 1'000'000'000);
    for (std::size_t i = 0; i < players_.size(); ++i) {
      auto& player = players_[i];
      const auto name = "load-" + run + "-" + std::to_string(i);
      player.client = std::make_unique<mm::Client>(mm::ClientOptions{.gateway_url = gateway_, .tenant = {}});
      player.client->events().connected = [&player](const mm::Active&) { player.online = true; };
      player.client->events().match_found = [&player](const mm::MatchFound&) {
        player.found = Clock::now();
        player.busy = true;
      };
      player.client->events().match_completed = [&player](const mm::MatchCompleted&) { player.busy = false; };
      player.client->events().match_cancelled = [&player](const mm::MatchCancelled&) { player.busy = false; };
      player.client->register_account(
          {name, name + "@example.com", "a long password", {}}, [&player, name](mm::Result<mm::Account> made) {
            if (!made) return complain("register", made.error());
            player.client->login(name, "a long password", [&player](mm::Result<mm::Done> in) {
              if (in) player.client->connect();
              else complain("log in", in.error());
            });
          });
      // Four players at a time are registered, because hashing passwords is slow by design.
      const std::size_t some = i / 4 * 4;
      if (i + 1 < players_.size() && (i + 1) % 4 != 0) continue;
      const auto first = players_.begin() + static_cast<std::ptrdiff_t>(some);
      if (!until(first, players_.begin() + static_cast<std::ptrdiff_t>(i + 1),
                 [](const Player& p) { return p.online; })) {
        return false;
      }
    }
    std::printf("%zu players are online\n", players_.size());
    return true;
  }

  // Runs one trial of a group. Returns the time in milliseconds, or -1 if the trial failed.
  double run_trial(std::size_t group, int trial) {
    const auto first = players_.begin() + static_cast<std::ptrdiff_t>(group * kPlayers), last = first + kPlayers;
    if (!until(first, last, [](const Player& player) { return !player.busy; })) return -1;
    mm::QueueOptions queue;
    queue.mode = "casual";  // unrated, so that the ratings of a group do not drift apart in a long run
    queue.team_size = 5;
    int queued = 0;
    for (auto player = first; player != last - 1; ++player) {
      player->found = {};
      player->client->enter_queue(
          queue, [&](mm::Result<mm::Ticket> ticket) { ticket ? void(++queued) : complain("queue", ticket.error()); });
    }
    if (!until(first, last, [&](const Player&) { return queued == kPlayers - 1; })) return -1;
    // The last player enqueues at a different time within the tick in each trial.
    const auto pause = Clock::now() + std::chrono::milliseconds(trial * 37 % 100);
    while (Clock::now() < pause) tick(first, last);
    auto& late = *(last - 1);
    late.found = {};
    const auto began = Clock::now();
    late.client->enter_queue(queue, [](mm::Result<mm::Ticket> ticket) {
      if (!ticket) complain("queue", ticket.error());
    });
    if (!until(first, last, [](const Player& player) { return player.found != Clock::time_point{}; })) return -1;
    auto all = began;
    for (auto player = first; player != last; ++player) all = std::max(all, player->found);
    return std::chrono::duration<double, std::milli>(all - began).count();
  }

  template <class It>
  int tick(It first, It last) {
    int ran = 0;
    for (auto player = first; player != last; ++player) ran += player->client->tick();
    // The events of all other clients are processed too, so that they notice the end of their matches.
    if (++turn_ % 8 == 0) {
      for (auto& player : players_) ran += player.client ? player.client->tick() : 0;
    }
    if (ran == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
    return ran;
  }

  template <class It, class Holds>
  bool until(It first, It last, Holds holds) {
    const auto end = Clock::now() + std::chrono::seconds(30);
    while (!std::all_of(first, last, holds)) {
      if (Clock::now() > end) {
        std::fprintf(stderr, "gave up waiting after 30 s\n");
        return false;
      }
      tick(first, last);
    }
    return true;
  }

  static void complain(const char* what, const mm::Error& error) {
    std::fprintf(stderr, "%s: %s (%s)\n", what, error.code.c_str(), error.detail.c_str());
  }

  std::string gateway_;
  int count_;
  std::vector<Player> players_;
  unsigned turn_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const char* gateway = std::getenv("MM_GATEWAY_URL");
  const int count = argc > 1 ? std::atoi(argv[1]) : 200;
  if (gateway == nullptr || count < 1 || count > 10'000) {
    std::fprintf(stderr, "usage: MM_GATEWAY_URL=… mm-found-latency [trials]\n");
    return 64;
  }
  return Trials(gateway, count).run();
}
