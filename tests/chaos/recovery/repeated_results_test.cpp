// Results that are delivered five times each, out of order, while the processes that count them are killed: ratings
// and standings are those of a run in which every result came once and nothing failed. Both runs have the same players
// and winners, in two tenants of the same platform.
//
// The matches are played in rounds, in which each player plays once, because a rating depends on the order of the
// player's matches. A player begins no match before the former one is over, so only copies arrive out of order.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/bus/jetstream.h"
#include "common/contracts/events.h"
#include "common/testing/connections.h"
#include "common/testing/daemon.h"
#include "common/testing/players.h"
#include "common/testing/wait.h"

namespace mm::chaos {
namespace {

using testing::DaemonProcess;
using testing::eventually;

#ifdef MM_FULL_SIZE
constexpr std::size_t kRounds = 50, kPlayers = 400;  // 10,000 matches
#else
constexpr std::size_t kRounds = 10, kPlayers = 80;  // 400 matches
#endif
constexpr int kCopies = 5;
/// Copies that are sent in the round of the match. One more is sent in each of the two rounds after it.
constexpr int kCopiesAtOnce = 3;
constexpr std::size_t kRoundsPerKill = 2;
constexpr Milliseconds kRoundTimeout{60'000};

struct Duel {
  PlayerId one, other;
  std::optional<int> winner;
  TimePoint ended_at;
};
using Round = std::vector<Duel>;

std::vector<Round> evening_of(const std::vector<PlayerId>& players, std::mt19937_64& random) {
  std::vector<Round> rounds(kRounds);
  auto order = players;
  const auto begin = SystemClock{}.now() - std::chrono::hours(24);
  for (std::size_t i = 0; i < kRounds; ++i) {
    std::shuffle(order.begin(), order.end(), random);
    for (std::size_t k = 0; k + 1 < order.size(); k += 2) {
      const auto outcome = random() % 5;
      rounds[i].push_back({order[k], order[k + 1],
                           outcome == 4 ? std::nullopt : std::optional<int>(static_cast<int>(outcome % 2)),
                           begin + std::chrono::minutes(10) * i});
    }
  }
  return rounds;
}

MatchCompleted match_of(const Tenant& tenant, const Duel& duel) {
  MatchCompleted match;
  match.match_id = MatchId::fresh(SystemClock{}.now());
  match.tenant = tenant;
  match.mode = *Mode::parse("ranked");
  match.region = default_region();
  match.winning_team = duel.winner;
  match.duration_seconds = 300;
  match.started_at = duel.ended_at - std::chrono::minutes(5);
  match.ended_at = duel.ended_at;
  for (const auto player : {duel.one, duel.other}) match.teams.emplace_back().emplace_back().player_id = player;
  return match;
}

class RepeatedResults : public ::testing::Test {
 protected:
  RepeatedResults() {
    for (std::size_t i = 0; i < processes_.size(); ++i) start(i);
  }

  void start(std::size_t index) {
    const std::string name = index < 2 ? "profile" : "leaderboard";
    std::vector<std::string> settings{"MM_NATS_URL=" + nats_.url(), "MM_ADMIN_PORT=0", "MM_LOG_LEVEL=error",
                                      "MM_POSTGRES_URL=" + postgres_.url_as(name),
                                      "MM_INSTANCE=" + name + "-" + std::to_string(index % 2 + 1)};
    if (name == "profile") settings.push_back("MM_REDIS_CACHE_URL=" + cache_.url_as(name));
    processes_[index] = std::make_unique<DaemonProcess>(name, std::move(settings));
  }

  /// The next victim: each daemon's processes and each store in turn. All start again at once.
  void kill_one() {
    const auto victim = kills_++ % (processes_.size() + 2);
    if (victim < processes_.size()) {
      processes_[victim]->kill();
      start(victim);
    } else if (victim == processes_.size()) {
      postgres_.restart();
    } else {
      nats_.restart();
    }
  }

  /// Each copy has a message id of its own, so JetStream does not drop it as a duplicate.
  void send(const MatchCompleted& match) {
    EXPECT_TRUE(eventually(
        [&] {
          const auto id = new_uuid(SystemClock{}.now()).to_string();
          return bus_->store(match, id, Deadline::after(Milliseconds{1'000})).ok();
        },
        kRoundTimeout));
  }

  std::int64_t count(const std::string& table, const Tenant& tenant) {
    return database_.number("SELECT count(*) FROM " + table + " WHERE tenant = '" + tenant.str() + "'");
  }
  void await_applied(const Tenant& tenant, std::size_t matches) {
    const auto expected = static_cast<std::int64_t>(matches);
    ASSERT_TRUE(eventually([&] { return count("profile.applied", tenant) == expected; }, kRoundTimeout))
        << count("profile.applied", tenant) << " of " << expected;
    ASSERT_TRUE(eventually([&] { return count("leaderboard.match", tenant) == expected; }, kRoundTimeout))
        << count("leaderboard.match", tenant) << " of " << expected;
  }
  /// Waits until every copy was handled and acknowledged.
  void await_end_of_stream() {
    // One more result, so that the newest event of the stream is one that both consumers get.
    const auto last = testing::fresh_tenant();
    send(match_of(last, {testing::fresh_player(), testing::fresh_player(), 0, SystemClock{}.now()}));
    await_applied(last, 1);
    for (const std::string consumer : {"profile", "leaderboard"}) {
      std::string left;
      EXPECT_TRUE(eventually(
          [&] {
            const auto state = bus::jetstream::find_consumer(bus_->impl(), streams::kMatch, consumer, testing::soon());
            if (!state) return false;
            left = std::to_string(state->pending) + " events not delivered, " + std::to_string(state->delivered) +
                   " delivered, " + std::to_string(state->acknowledged) + " acknowledged";
            return state->pending == 0 && state->acknowledged == state->delivered;
          },
          kRoundTimeout))
          << consumer << ": " << left;
    }
  }

  std::size_t play_once(const Tenant& tenant, const std::vector<Round>& evening) {
    std::size_t matches = 0;
    for (const auto& round : evening) {
      for (const auto& duel : round) send(match_of(tenant, duel));
      await_applied(tenant, matches += round.size());
    }
    return matches;
  }

  void play_repeatedly(const Tenant& tenant, const std::vector<Round>& evening, std::mt19937_64& random) {
    std::vector<std::vector<MatchCompleted>> matches;
    std::size_t played = 0;
    // Two more rounds, in which only late copies are sent.
    for (std::size_t i = 0; i < evening.size() + 2; ++i) {
      std::vector<const MatchCompleted*> copies;
      if (i < evening.size()) {
        auto& round = matches.emplace_back();
        for (const auto& duel : evening[i]) round.push_back(match_of(tenant, duel));
        played += round.size();
      }
      const auto add = [&](std::size_t round, int times) {
        if (round >= matches.size()) return;
        for (const auto& match : matches[round]) copies.insert(copies.end(), static_cast<std::size_t>(times), &match);
      };
      add(i, kCopiesAtOnce);
      for (std::size_t late = 1; late <= kCopies - kCopiesAtOnce && late <= i; ++late) add(i - late, 1);
      std::shuffle(copies.begin(), copies.end(), random);
      const auto kill_at = i % kRoundsPerKill == 0 ? random() % copies.size() : copies.size();
      for (std::size_t k = 0; k < copies.size(); ++k) {
        if (k == kill_at) kill_one();
        send(*copies[k]);
        ++sent_;
      }
      await_applied(tenant, played);
      if (HasFatalFailure()) return;
    }
  }

  /// The ratings and standings of the tenant as text, without the ids of matches and boards.
  std::vector<std::vector<std::string>> state_of(const Tenant& tenant) {
    const auto where = " WHERE tenant = '" + tenant.str() + "' ";
    auto rows = database_.rows("SELECT (to_jsonb(r) - array['tenant'])::text FROM profile.rating r" + where +
                               "ORDER BY player_id, mode");
    const auto standings = database_.rows(
        "SELECT season, mode, region, (to_jsonb(s) - array['board_id'])::text FROM leaderboard.standing s "
        "JOIN leaderboard.board b USING (board_id)" +
        where + "ORDER BY season, mode, region, place");
    rows.insert(rows.end(), standings.begin(), standings.end());
    return rows;
  }

  testing::OwnNats nats_;
  testing::OwnRedis cache_{testing::OwnRedis::Instance::cache};
  testing::OwnPostgres postgres_;
  testing::Database database_{postgres_};
  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_ = testing::connect(nats_, metrics_);
  std::array<std::unique_ptr<DaemonProcess>, 4> processes_;  // profile twice, leaderboard twice
  std::size_t kills_ = 0;
  std::size_t sent_ = 0;
};

TEST_F(RepeatedResults, GiveTheRatingsOfARunWithoutFaults) {
  std::mt19937_64 random(20261130);
  const auto evening = evening_of(testing::fresh_players(kPlayers), random);
  const auto calm = testing::fresh_tenant(), rough = testing::fresh_tenant();
  const auto matches = play_once(calm, evening);
  ASSERT_FALSE(HasFailure());
  play_repeatedly(rough, evening, random);
  await_end_of_stream();
  EXPECT_EQ(sent_, matches * kCopies);
  const auto expected = state_of(calm);
  EXPECT_GE(expected.size(), 2 * kPlayers);
  EXPECT_EQ(expected, state_of(rough));
  EXPECT_EQ(database_.number("SELECT count(*) FROM profile.rating_change JOIN profile.applied USING (match_id) "
                             "WHERE tenant = '" +
                             rough.str() + "'"),
            static_cast<std::int64_t>(2 * matches));
  std::printf("%zu results, sent %zu times, %zu kills\n", matches, sent_, kills_);
}

}  // namespace
}  // namespace mm::chaos
