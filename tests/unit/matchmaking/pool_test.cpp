// Tests of the pool of waiting tickets: one ticket per id in whatever order changes arrive, and a list that is always
// sorted by rating.
#include "services/matchmaker/matching/pool/pool.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/unit/matchmaking/instance.h"

namespace mm::matching {
namespace {

using testing::kNow;
using testing::rules_for;
using testing::ticket;
using testing::ticket_id;

Waiter first_of(const Pool& pool) { return pool.sorted().at(pool.sorted().begin()); }

Pool pool_of_5v5() { return Pool(rules_for(), 5, default_region()); }

TEST(Pools, HoldATicketOncePerId) {
  Pool pool = pool_of_5v5();
  EXPECT_EQ(pool.upsert(ticket(1, 1500)), Pool::Upserted::added);
  EXPECT_EQ(pool.upsert(ticket(1, 1500)), Pool::Upserted::ignored) << "the change number is not higher";
  PoolTicket newer = ticket(1, 1600, 0, 2);
  newer.change = 7;
  EXPECT_EQ(pool.upsert(newer), Pool::Upserted::replaced);
  PoolTicket older = ticket(1, 1700);
  older.change = 6;
  EXPECT_EQ(pool.upsert(older), Pool::Upserted::ignored);
  EXPECT_EQ(pool.size(), 1U);
  EXPECT_EQ(pool.players(), 2U);
  ASSERT_EQ(pool.sorted().size(), 1U);
  EXPECT_EQ(first_of(pool).rating, 1600 * kUnitsPerPoint);
}

TEST(Pools, ReturnTicketsUnchanged) {
  Pool pool = pool_of_5v5();
  PoolTicket given = ticket(3, 1512.4, 12.345, 3);
  given.attempt = 4;
  given.change = 99;
  given.players[1].mmr = -1.23;
  given.players[2].deviation = 61.5;
  given.latencies = Latencies{{default_region(), 24.5}};
  pool.upsert(given);
  const auto found = pool.find(given.id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->attempt, 4);
  EXPECT_EQ(found->change, 99);
  EXPECT_EQ(found->party, given.party);
  EXPECT_EQ(found->queued_at, given.queued_at);
  EXPECT_EQ(found->deadline, given.deadline);
  EXPECT_EQ(found->latencies, given.latencies);
  ASSERT_EQ(found->players.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found->players[i].player_id, given.players[i].player_id);
    EXPECT_DOUBLE_EQ(found->players[i].mmr, given.players[i].mmr);
    EXPECT_DOUBLE_EQ(found->players[i].deviation, given.players[i].deviation);
  }
}

TEST(Pools, RefuseTicketsThatFitNoTeam) {
  Pool pool(rules_for(), 2, default_region());
  EXPECT_EQ(pool.upsert(ticket(1, 1500, 0, 3)), Pool::Upserted::ignored);
  PoolTicket nobody = ticket(2, 1500);
  nobody.players.clear();
  EXPECT_EQ(pool.upsert(nobody), Pool::Upserted::ignored);
  EXPECT_TRUE(pool.empty());
}

TEST(Pools, RateAPartyByItsMeanPlusTheOffsetOfItsSize) {
  ModeRules rules = rules_for();
  rules.premade_offset = {0, 10, 25.5};
  Pool pool(rules, 5, default_region());
  PoolTicket trio = ticket(1, 1500, 0, 3);
  trio.players[0].mmr = 1400;
  trio.players[1].mmr = 1450;
  pool.upsert(trio);
  EXPECT_EQ(first_of(pool).rating, 1450 * kUnitsPerPoint + 153'000);
  pool.clear();
  EXPECT_TRUE(pool.empty());
  pool.upsert(ticket(2, 1500, 0, 5));
  EXPECT_EQ(first_of(pool).rating, 1500 * kUnitsPerPoint + 153'000) << "larger parties have the last offset";
}

TEST(Pools, FindTheLongestWaitingTicket) {
  Pool pool = pool_of_5v5();
  EXPECT_FALSE(pool.oldest());
  pool.upsert(ticket(5, 1500, 10));
  pool.upsert(ticket(4, 1500, 30));
  pool.upsert(ticket(3, 1700, 30));
  EXPECT_EQ(pool.oldest()->id, ticket_id(3));
}

TEST(Pools, ListTicketsWhoseDeadlineIsReached) {
  Pool pool = pool_of_5v5();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    PoolTicket next = ticket(i, 1500);
    next.deadline = kNow + static_cast<BucketMs>(i) * 1'500;
    pool.upsert(next);
  }
  EXPECT_TRUE(pool.expired(kNow + 1'499).empty());
  EXPECT_EQ(pool.expired(kNow + 1'500).size(), 1U);
  EXPECT_EQ(pool.expired(kNow + 4'500).size(), 3U);
  EXPECT_EQ(pool.expired(kNow + 4'500).size(), 3U) << "expired tickets stay until they are erased";
  pool.erase(ticket_id(1));
  EXPECT_EQ(pool.expired(kNow + 4'500).size(), 2U);
}

TEST(Pools, SurviveAClockThatJumpsByYears) {
  Pool pool = pool_of_5v5();
  PoolTicket young = ticket(1, 1500);
  PoolTicket old = ticket(2, 1500);
  old.queued_at = 1000;
  pool.upsert(young);
  pool.upsert(old);
  ASSERT_EQ(pool.sorted().size(), 2U);
  EXPECT_EQ(pool.id(first_of(pool).slot), old.id) << "of two tickets with equal ratings, the older one comes first";
  EXPECT_EQ(pool.oldest()->id, old.id);
}

// Compares the pool with a std::map after random upserts and erasures, with reads of the sorted list in between.
RC_GTEST_PROP(Pools, BehaveLikeAMapOfTickets, ()) {
  Pool pool = pool_of_5v5();
  std::map<TicketId, PoolTicket> model;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4000));
  std::int64_t change = 0;
  for (const int step : steps) {
    const auto number = static_cast<std::uint64_t>(step % 40);
    if (step % 3 == 0) {
      RC_ASSERT(pool.erase(ticket_id(number)) == (model.erase(ticket_id(number)) == 1));
    } else {
      PoolTicket next = ticket(number, 1000 + step % 7 * 100, step % 11, step % 5 + 1);
      next.change = ++change;
      pool.upsert(next);
      model[next.id] = next;
    }
    if (step % 5 == 0) pool.sorted();
  }
  RC_ASSERT(pool.size() == model.size());
  std::size_t players = 0;
  for (const auto& [id, wanted] : model) {
    const auto held = pool.find(id);
    RC_ASSERT(held.has_value() && held->change == wanted.change && held->players.size() == wanted.players.size());
    players += wanted.players.size();
  }
  RC_ASSERT(pool.players() == players);
  std::vector<Waiter> line;
  pool.sorted().for_each([&](const Waiter& waiter) { line.push_back(waiter); });
  RC_ASSERT(line.size() == model.size());
  for (std::size_t i = 1; i < line.size(); ++i) {
    const auto key = [&](const Waiter& waiter) {
      return std::tuple(waiter.rating, pool.queued_at(waiter.slot), mixed_bits(pool.id(waiter.slot)));
    };
    RC_ASSERT(key(line[i - 1]) < key(line[i]));
  }
}

// Thousands of tickets arrive at once, and many one by one, mostly with few different ratings. So the blocks of the
// sorted list split, become empty and are found again.
RC_GTEST_PROP(Pools, KeepTheListSortedUnderRandomChanges, ()) {
  std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
  const auto ratings = *rc::gen::element<std::uint64_t>(1, 3, 50, 3000, 300'000);
  const auto ages = *rc::gen::element<std::uint64_t>(1, 2, 1000, 1'000'000);
  Pool pool = pool_of_5v5();
  std::vector<std::uint64_t> held;
  std::uint64_t number = 0;
  for (int round = 0; round < 6; ++round) {
    const auto arriving = random() % (round == 0 ? 3000 : 400);
    for (std::uint64_t i = 0; i < arriving; ++i) {
      PoolTicket next = ticket(++number, 1000 + static_cast<double>(random() % ratings) / 100);
      next.queued_at -= static_cast<BucketMs>(random() % ages);
      pool.upsert(next);
      held.push_back(number);
    }
    std::shuffle(held.begin(), held.end(), random);
    for (auto leaving = random() % (held.size() + 1); leaving > 0; --leaving) {
      pool.erase(ticket_id(held.back()));
      held.pop_back();
    }
    std::vector<Waiter> line;
    pool.sorted().for_each([&](const Waiter& waiter) { line.push_back(waiter); });
    RC_ASSERT(line.size() == held.size());
    RC_ASSERT(pool.sorted().size() == held.size());
    const auto key = [&](const Waiter& waiter) {
      return std::tuple(waiter.rating, waiter.queued, mixed_bits(pool.id(waiter.slot)));
    };
    for (std::size_t i = 1; i < line.size(); ++i) RC_ASSERT(key(line[i - 1]) < key(line[i]));
    if (line.empty()) continue;
    const Rating some = line[random() % line.size()].rating;
    const auto from = pool.sorted().first_from(some);
    const auto to = pool.sorted().first_above(some, from);
    std::size_t equals = 0;
    pool.sorted().for_each(from, to, [&](const Waiter& waiter) { equals += waiter.rating == some ? 1 : 0; });
    const auto expected = std::count_if(line.begin(), line.end(), [&](const Waiter& w) { return w.rating == some; });
    RC_ASSERT(equals == static_cast<std::size_t>(expected));
  }
}

}  // namespace
}  // namespace mm::matching
