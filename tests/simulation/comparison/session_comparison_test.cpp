// Compares the simulated tables of session with the real store on PostgreSQL: both run the same random transactions,
// and every result must be equal, except for times.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "common/bus/outbox.h"
#include "common/storage/postgres.h"
#include "common/testing/connections.h"
#include "common/testing/servers.h"
#include "common/wire/codec.h"
#include "services/session/queue_store.h"
#include "services/session/store.h"
#include "tests/simulation/engine/random.h"
#include "tests/simulation/servers/session_tables.h"

namespace mm::simulation {
namespace {

using session::Match;
using session::Store;

Deadline soon() { return Deadline::after(Milliseconds{2'000}); }

std::string text_of(const Match& match) {
  std::string text = match.id.to_string() + ' ' + std::string(mm::text_of(match.status)) + ' ' +
                     (match.reason ? std::string(mm::text_of(*match.reason)) : "-") + ' ' + match.server_endpoint +
                     ' ' + match.result_hash + (match.ready_at ? " ready" : "") + (match.started_at ? " started" : "") +
                     (match.ended_at ? " ended" : "") + ' ' + wire::encode(match.teams);
  for (const auto& ticket : match.requeue) text += ' ' + ticket.to_string();
  return text;
}
std::string text_of(const std::optional<Match>& match) { return match ? text_of(*match) : "none"; }
std::string text_of(const std::vector<Match>& matches) {
  std::string text;
  for (const auto& match : matches) text += text_of(match) + '\n';
  return text;
}
std::string text_of(const std::vector<MatchId>& matches) {
  std::string text;
  for (const auto& match : matches) text += match.to_string() + '\n';
  return text;
}

class SessionComparison : public ::testing::Test {
 protected:
  SessionComparison() {
    storage::PostgresOptions options;
    options.url = postgres_.url_as("session");
    options.password = testing::OwnPostgres::password_of("session");
    database_ = std::make_unique<storage::Postgres>(options);
    outbox_ = std::make_unique<bus::Outbox>(*database_, *bus_, "session", metrics_);
    store_ = std::make_unique<Store>(*database_, *outbox_);
    queue_store_ = std::make_unique<session::QueueStore>(*database_);
    for (int i = 0; i < 6; ++i) players_.push_back(PlayerId::fresh(SystemClock().now()));
  }

  template <class T>
  static const T& value(const Reply<T>& reply) {
    EXPECT_TRUE(reply.ok());
    return reply.value();
  }

  MatchFound new_match();
  void insert();
  void end_some();
  void change_some();
  void compare_reads();
  void compare_open_matches();
  void record_some();
  MatchId known_match() {
    return matches_.empty() ? MatchId::fresh(SystemClock().now()) : random_.pick(matches_).match_id;
  }
  static TimePoint now() { return SystemClock().now(); }

  testing::OwnNats nats_;
  testing::OwnPostgres postgres_;
  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_ = testing::connect(nats_, metrics_);
  std::unique_ptr<storage::Postgres> database_;
  std::unique_ptr<bus::Outbox> outbox_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<session::QueueStore> queue_store_;
  SessionTables tables_;
  Random random_{1};
  std::vector<PlayerId> players_;
  std::vector<MatchFound> matches_;
  const std::array<GenerationId, 2> generations_{GenerationId::fresh(now()), GenerationId::fresh(now())};
};

MatchFound SessionComparison::new_match() {
  MatchFound found;
  // One match per millisecond, so that the order of the matches is the order of their times.
  found.created_at = TimePoint(Milliseconds(1'767'225'600'000 + static_cast<std::int64_t>(matches_.size())));
  found.match_id = MatchId::fresh(now());
  found.tenant = default_tenant();
  found.mode = *Mode::parse("duel");
  found.region = default_region();
  for (int team = 0; team < 2; ++team) {
    FoundPlayer player;
    player.player_id = random_.chance(0.3) ? PlayerId::fresh(now()) : random_.pick(players_);
    player.ticket_id = TicketId::fresh(now());
    found.teams.push_back({1'500, {player}});
  }
  if (found.teams[0].players[0].player_id == found.teams[1].players[0].player_id) {
    found.teams[1].players[0].player_id = PlayerId::fresh(now());
  }
  matches_.push_back(found);
  return found;
}

void SessionComparison::insert() {
  std::vector<Store::Arrival> arrivals;
  const auto count = random_.between(1, 4);
  for (std::int64_t i = 0; i < count; ++i) {
    const bool again = !matches_.empty() && random_.chance(0.3);
    const auto found = again ? random_.pick(matches_) : new_match();
    arrivals.push_back({found, random_.chance(0.1) ? std::optional<std::string>("a bad roster") : std::nullopt});
  }
  const auto decide = [](const Store::Arrival& arrival, const Match& row, const std::set<PlayerId>& busy) {
    return session::initial_refusal(row, {arrival.bad_roster, busy, std::chrono::hours(24 * 365 * 100)});
  };
  const auto real = store_->insert_found(arrivals, decide, soon());
  const auto simulated = tables_.insert_found(arrivals, decide, now());
  ASSERT_TRUE(real.ok());
  ASSERT_EQ(real->size(), simulated.size());
  for (std::size_t i = 0; i < simulated.size(); ++i) {
    EXPECT_EQ(text_of((*real)[i].match), text_of(simulated[i].match));
    EXPECT_EQ((*real)[i].fresh, simulated[i].fresh);
    EXPECT_EQ((*real)[i].refused, simulated[i].refused);
  }
}

void SessionComparison::change_some() {
  const auto match = known_match();
  if (random_.chance(0.5)) {
    const Allocation allocation{match, ServerId::fresh(now()), "127.0.0.1:1", "ws://127.0.0.1:1/match"};
    EXPECT_EQ(text_of(value(store_->make_ready({allocation}, soon()))),
              text_of(tables_.make_ready({allocation}, now())));
    return;
  }
  const bool running = random_.chance(0.5);
  const auto real = store_->record_heartbeat(match, running, soon());
  const auto simulated = tables_.record_heartbeat(match, running, now());
  ASSERT_TRUE(real.ok());
  EXPECT_EQ(text_of(real->match), text_of(simulated.match));
  EXPECT_EQ(real->counted, simulated.counted);
  EXPECT_EQ(real->started, simulated.started);
}

void SessionComparison::end_some() {
  if (random_.chance(0.4)) {
    const auto kind = random_.chance(0.5) ? Store::Overdue::unserved : Store::Overdue::silent;
    const auto limit = random_.chance(0.7) ? Milliseconds{-1'000} : Milliseconds{1'000'000};
    const auto overdue = tables_.overdue(kind, limit, 100, now());
    EXPECT_EQ(text_of(value(store_->overdue(kind, limit, 100, soon()))), text_of(overdue));
    const auto row = tables_.find(known_match());
    if (!row) return;
    const session::MatchEnd end{session::cancelled_event(*row, CancelReason::no_server), {}};
    EXPECT_EQ(text_of(value(store_->end_overdue(kind, limit, *row, end, soon()))),
              text_of(tables_.end_overdue(kind, limit, *row, end, now())));
    return;
  }
  const std::vector<MatchId> matches{known_match(), known_match()};
  session::Report report;
  report.voids = random_.chance(0.2);
  report.hash = random_.chance(0.8) ? "hash" : "other";
  const auto decide = [&](const Match& row, TimePoint at) { return session::judge(row, report, at); };
  const auto real = store_->with_locked(matches, decide, soon());
  const auto simulated = tables_.with_locked(matches, decide, now());
  ASSERT_TRUE(real.ok());
  ASSERT_EQ(real->size(), simulated.size());
  for (const auto& [id, judged] : simulated) {
    EXPECT_EQ(text_of(real->at(id).match), text_of(judged.match));
    EXPECT_EQ(real->at(id).judgement.verdict, judged.judgement.verdict);
    EXPECT_EQ(real->at(id).before, judged.before);
  }
}

void SessionComparison::record_some() {
  std::optional<QueueGeneration> generation;
  const auto stored = tables_.record(std::nullopt, now()).generation;
  if (random_.chance(0.9)) {
    generation = stored && random_.chance(0.6) ? *stored : QueueGeneration{generations_[0], 1, 0};
    generation->mark += random_.between(0, 2);
    if (random_.chance(0.2)) generation->number += 1;
    if (random_.chance(0.2)) generation->id = random_.chance(0.5) ? generations_[0] : generations_[1];
  }
  const auto real = value(queue_store_->record(generation, soon()));
  const auto simulated = tables_.record(generation, now());
  EXPECT_EQ(real.generation, simulated.generation);
  EXPECT_EQ(real.marked_at.has_value(), simulated.marked_at.has_value());
}

void SessionComparison::compare_open_matches() {
  for (const auto& after : {std::optional<MatchId>(), std::optional(known_match())}) {
    EXPECT_EQ(wire::encode(value(queue_store_->open_matches(after, soon()))),
              wire::encode(tables_.open_matches(after)));
  }
}

void SessionComparison::compare_reads() {
  compare_open_matches();
  for (const auto& player : players_) {
    EXPECT_EQ(text_of(value(store_->find_live(default_tenant(), player, soon()))),
              text_of(tables_.find_live(default_tenant(), player)));
  }
  EXPECT_EQ(text_of(value(store_->waiting(3, soon()))), text_of(tables_.waiting(3)));
  for (const auto& match : matches_) {
    EXPECT_EQ(text_of(value(store_->find(match.match_id, soon()))), text_of(tables_.find(match.match_id)));
  }
  auto real = value(store_->unreleased(1'000, soon()));
  auto simulated = tables_.unreleased(1'000);
  std::sort(real.begin(), real.end());
  std::sort(simulated.begin(), simulated.end());
  EXPECT_EQ(text_of(real), text_of(simulated));
  const auto rows = database_->transaction(soon(), [](pqxx::work& tx) {
    std::set<std::string> ids;
    for (const auto& row : tx.exec("SELECT message_id, subject FROM session.outbox")) {
      ids.insert(row[0].as<std::string>() + ' ' + row[1].as<std::string>());
    }
    return ids;
  });
  ASSERT_TRUE(rows.ok());
  std::set<std::string> ids;
  for (const auto& row : tables_.outbox().rows()) ids.insert(row.message_id + ' ' + row.subject);
  EXPECT_EQ(*rows, ids);
}

TEST_F(SessionComparison, TransactionsHaveTheSameResults) {
  constexpr std::uint64_t kSeed = 20'260'101;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  random_ = Random(kSeed);
  for (int i = 0; i < 400 && !HasFailure(); ++i) {
    switch (random_.below(5)) {
      case 0: insert(); break;
      case 3: record_some(); break;
      case 1: change_some(); break;
      case 2: end_some(); break;
      default: {
        const std::vector<MatchId> released{known_match()};
        if (random_.chance(0.3)) {
          EXPECT_TRUE(store_->mark_released(released, soon()));
          tables_.mark_released(released);
        }
      }
    }
    if (i % 20 == 0) compare_reads();
  }
  compare_reads();
}

}  // namespace
}  // namespace mm::simulation
