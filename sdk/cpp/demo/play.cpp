#include "demo/play.h"

#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "demo/bot.h"
#include "demo/stage.h"

namespace demo {
namespace {

namespace mm = matchmaker;

// 20 players: five parties and six single players. For every possible first match, the remaining players can form a
// second match.
constexpr int kPartySizes[] = {5, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1};
constexpr int kTeamSize = 5;
constexpr int kShownPlaces = 10;
constexpr std::chrono::seconds kStandingsTimeout{15};
constexpr std::chrono::milliseconds kRequestInterval{250};
constexpr const char* kNames[] = {"ada",  "bela", "cleo", "dora", "egon", "fynn", "gina", "hugo", "ines", "jack",
                                  "kira", "liam", "mona", "nils", "olga", "paul", "quin", "rosa", "sven", "tara"};

struct Group {
  std::vector<Bot*> bots;  ///< the first bot is the leader
  std::string party_id;
  int waiting = 0;  ///< members whose answer is outstanding
};

class Play {
 public:
  explicit Play(const PlayOptions& options) : options_(options) {
    const auto run =
        std::to_string(std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1) % 1'000'000);
    std::size_t next = 0;
    for (int size : kPartySizes) {
      auto& group = groups_.emplace_back();
      for (int i = 0; i < size; ++i) group.bots.push_back(&add_bot(std::string(kNames[next++]) + "-" + run));
    }
  }

  int run() {
    stage_.print("20 bots come online");
    for (auto& bot : bots_) bot->come_online();
    if (!loop([this] { return rounds_done() && stage_.everything_rated(); })) {
      std::fprintf(stderr, "the demo did not end in %lld s: %d of 20 online, round %d of %d\n",
                   static_cast<long long>(options_.time_limit.count()), online_, round_, options_.rounds);
      return 1;
    }
    return show() && failures_ == 0 ? 0 : 1;
  }

 private:
  Bot& add_bot(const std::string& name) {
    bots_.push_back(std::make_unique<Bot>(options_.gateway_url, name, "demo-" + name));
    auto& bot = *bots_.back();
    BotHooks hooks;
    hooks.online = [this, &bot] {
      stage_.know(bot.player_id(), bot.name());
      if (++online_ == static_cast<int>(bots_.size())) {
        stage_.print("all are logged in and connected");
        form_parties();
      }
    };
    hooks.queued = [this] {
      if (++queued_ == static_cast<int>(bots_.size())) stage_.print("everyone is queued: ranked, 5 v 5");
    };
    hooks.found = [this](const mm::MatchFound& match, Clock::duration waited) {
      stage_.found(match, std::chrono::duration<double>(waited).count());
    };
    hooks.joined = [this, &bot](const std::string& match, const std::string& endpoint) {
      stage_.joined(match, bot.player_id(), endpoint);
    };
    hooks.completed = [this](const mm::MatchCompleted& match) { stage_.completed(match); };
    hooks.cancelled = [this](const std::string& match, const mm::MatchCancelled& cancelled) {
      stage_.cancelled(match, cancelled.reason);
    };
    hooks.rated = [this, &bot](const mm::RatingChanged& change) {
      stage_.rated(bot.player_id(), change);
      if (++rated_ == static_cast<int>(bots_.size())) end_round();
    };
    hooks.failed = [this](const std::string& what, const mm::Error& error) {
      ++failures_;
      stage_.print("FAILED " + what + ": " + error.code + " " + error.detail);
    };
    bot.set_hooks(std::move(hooks));
    return bot;
  }

  void form_parties() {
    std::string sizes;
    for (auto& group : groups_) {
      if (group.bots.size() > 1) {
        sizes += (sizes.empty() ? "" : ", ") + std::to_string(group.bots.size());
        form_party(group);
      }
    }
    stage_.print("parties of " + sizes + " are forming; 6 players queue alone");
    begin_round();
  }

  void form_party(Group& group) {
    auto& leader = *group.bots[0];
    mm::PartyOptions party;
    party.max_size = static_cast<int>(group.bots.size());
    leader.client().create_party(party, leader.expect<mm::Party>("create a party", [this,
                                                                                    &group](const mm::Party& made) {
      group.party_id = made.party_id;
      group.waiting = static_cast<int>(group.bots.size()) - 1;
      for (std::size_t i = 1; i < group.bots.size(); ++i) {
        auto& bot = *group.bots[i];
        bot.client().join_party(made.party_id, bot.expect<mm::Party>("join a party", [this, &group](const mm::Party&) {
          if (--group.waiting == 0) get_ready(group);
        }));
      }
    }));
  }

  void begin_round() {
    ++round_;
    queued_ = rated_ = 0;
    stage_.print("round " + std::to_string(round_) + " of " + std::to_string(options_.rounds));
    for (auto& group : groups_) {
      if (group.bots.size() == 1) {
        group.bots[0]->enter_queue(queue_options());
      } else if (!group.party_id.empty()) {
        get_ready(group);
      }  // else: the party is still forming; form_party() continues
    }
  }

  void get_ready(Group& group) {
    group.waiting = static_cast<int>(group.bots.size());
    for (auto* bot : group.bots) {
      bot->client().set_ready(group.party_id, true,
                              bot->expect<mm::ReadyState>("get ready", [this, &group](const mm::ReadyState&) {
                                if (--group.waiting == 0)
                                  group.bots[0]->enter_queue_as_party(group.party_id, queue_options());
                              }));
    }
  }

  void end_round() {
    if (rounds_done()) return;
    begin_round();
  }

  bool rounds_done() const { return round_ == options_.rounds && rated_ == static_cast<int>(bots_.size()); }

  mm::QueueOptions queue_options() const {
    mm::QueueOptions options;
    options.mode = "ranked";
    options.team_size = kTeamSize;
    return options;
  }

  template <class Done>
  bool loop(Done done) {
    return loop_until(Clock::now() + options_.time_limit, done);
  }
  template <class Done>
  bool loop_until(Clock::time_point end, Done done) {
    while (!done()) {
      if (Clock::now() > end) return false;
      int ran = 0;
      for (auto& bot : bots_) ran += bot->tick();
      if (ran == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));  // one game frame
    }
    return true;
  }

  // The leaderboard is updated a moment after the ratings. It is requested until it contains all rating changes.
  bool show() {
    stage_.print_matches();
    stage_.print_ratings();
    struct Standings {
      std::optional<mm::LeaderboardPage> page;
      bool asked = false;
    };
    const auto standings = std::make_shared<Standings>();  // owners: this function, and the pending callback
    Clock::time_point next_ask{};
    const bool current = loop_until(Clock::now() + kStandingsTimeout, [&] {
      if (standings->page && stage_.is_current(*standings->page)) return true;
      if (standings->asked || Clock::now() < next_ask) return false;
      standings->asked = true;
      next_ask = Clock::now() + kRequestInterval;
      mm::LeaderboardQuery query;
      query.limit = kShownPlaces;
      bots_[0]->client().leaderboard(query, [standings](mm::Result<mm::LeaderboardPage> answer) {
        standings->asked = false;
        if (answer) standings->page = *answer;
      });
      return false;
    });
    if (standings->page) stage_.print_leaderboard(*standings->page);
    if (current) return true;
    std::fprintf(stderr, "the leaderboard did not include the last matches within %lld s\n",
                 static_cast<long long>(kStandingsTimeout.count()));
    return false;
  }

  PlayOptions options_;
  Stage stage_;
  std::vector<std::unique_ptr<Bot>> bots_;
  std::deque<Group> groups_;
  int online_ = 0, queued_ = 0, rated_ = 0, round_ = 0, failures_ = 0;
};

}  // namespace

int play(const PlayOptions& options) { return Play(options).run(); }

int seed(const std::string& gateway_url, int count) {
  mm::Client client({.gateway_url = gateway_url, .tenant = {}});
  int made = 0, there = 0, failed = 0;
  for (int i = 1; i <= count; ++i) {
    char name[16];
    std::snprintf(name, sizeof name, "seed-%03d", i);
    bool answered = false;
    client.register_account(
        {name, std::string(name) + "@example.com", "sample-password", {}}, [&](mm::Result<mm::Account> result) {
          answered = true;
          if (result) ++made;
          else if (result.error().kind == mm::ErrorKind::conflict) ++there;
          else if (++failed == 1)
            std::fprintf(stderr, "%s: %s %s\n", name, result.error().code.c_str(), result.error().detail.c_str());
        });
    while (!answered) client.wait(std::chrono::milliseconds(100));
    std::printf("\r%d of %d players", i, count);
    std::fflush(stdout);
  }
  std::printf("\n%d registered, %d already existed, %d failed; password: sample-password\n", made, there, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace demo
