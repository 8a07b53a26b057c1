// Tests of explain(): every claim about a waiting ticket is compared with what the planner does.
#include "services/matchmaker/matching/explain/explain.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "services/matchmaker/matching/plan.h"
#include "tests/unit/matchmaking/instance.h"

namespace mm::matching {
namespace {

using namespace testing;

constexpr BucketMs kTick = 100;

/// A queue that was planned for some ticks while tickets came and went. After that no more tickets arrive.
class Queue {
 public:
  explicit Queue(std::uint64_t seed, std::size_t most = 40)
      : random_(seed),
        rules_(some_rules()),
        team_size_(static_cast<int>(random_() % 3) * 2 + 1),
        pool_(rules_, team_size_, default_region()) {
    const auto spread = 200 + random_() % 1800;
    const auto tickets = 2 + random_() % most;
    for (std::uint64_t i = 0; i < tickets; ++i) {
      PoolTicket each = ticket(i + 1, 1000 + static_cast<double>(random_() % (spread * 100)) / 100,
                               static_cast<double>(random_() % 60'000) / 1000, size());
      if (random_() % 8 == 0) {
        each.latencies = Latencies{{*Region::parse("us-east"), 20}, {default_region(), 20 + double(random_() % 60)}};
      }
      if (random_() % 4 == 0) each.deadline = now_ + 1'000 + static_cast<BucketMs>(random_() % 40'000);
      pool_.upsert(each);
      if (random_() % 4 == 0) tick();
    }
    tick();
  }

  const Pool& pool() const { return pool_; }
  const ModeRules& rules() const { return rules_; }
  int team_size() const { return team_size_; }
  BucketMs now() const { return now_; }
  TickTimes ticks() const { return {now_ + kTick, kTick}; }
  std::mt19937_64& random() { return random_; }

  /// A random waiting ticket.
  Slot any_waiter() {
    std::vector<Slot> slots;
    pool_.sorted().for_each([&](const Waiter& waiter) { slots.push_back(waiter.slot); });
    return slots[random_() % slots.size()];
  }
  Neighbourhood around(Slot slot, std::size_t most = kMaxNeighbours) const {
    return copy_neighbourhood(pool_, now_, memory_, slot, most);
  }

  /// The tickets that the next tick would match if the tickets `more` were in the queue, too.
  std::set<TicketId> would_match(const std::vector<PoolTicket>& more = {}) const {
    Pool copy(rules_, team_size_, default_region());
    std::vector<std::pair<Slot, PlannerMemory::TicketMemory>> recalled;
    pool_.sorted().for_each([&](const Waiter& waiter) {
      const PoolTicket each = pool_.ticket(waiter.slot);
      copy.upsert(each);
      recalled.emplace_back(*copy.slot_of(each.id), memory_.recall(pool_, waiter.slot));
    });
    for (const PoolTicket& each : more) {
      copy.upsert(each);
      recalled.emplace_back(*copy.slot_of(each.id), PlannerMemory::TicketMemory{BucketMs{0}});
    }
    PlannerMemory memory;
    memory.resume(copy, recalled);
    return matched_in(copy, plan(copy, rules_, now_ + kTick, memory));
  }
  std::set<TicketId> would_match_with_window(double window) const {
    ModeRules flat = rules_;
    flat.initial_window = flat.max_window = window;
    return matched_in(pool_, plan(pool_, flat, now_ + kTick));
  }

  /// Plans the next tick and returns the matched tickets.
  std::set<TicketId> tick() {
    now_ += kTick;
    const TickPlan tick = plan(pool_, rules_, now_, memory_);
    const auto matched = matched_in(pool_, tick);
    std::vector<TicketId> gone(matched.begin(), matched.end());
    for (const Slot slot : tick.expired) gone.push_back(pool_.id(slot));
    for (const TicketId& id : gone) pool_.erase(id);
    return matched;
  }

 private:
  ModeRules some_rules() {
    ModeRules rules = rules_for(random_() % 6 == 0 ? 3 : 2);
    rules.initial_window = 10 + static_cast<double>(random_() % 100);
    rules.max_window = rules.initial_window + static_cast<double>(random_() % 300);
    rules.widen_seconds = 10 + static_cast<double>(random_() % 40);
    rules.max_wait_seconds = 90;
    if (random_() % 4 == 0) rules.widen = Widening::steps;
    if (random_() % 8 == 0) rules.use_rating = false;
    if (random_() % 4 == 0) rules.premade_offset = {0, 12.5, 25};
    return rules;
  }
  int size() { return random_() % 2 == 0 ? 1 : static_cast<int>(random_() % static_cast<unsigned>(team_size_)) + 1; }
  static std::set<TicketId> matched_in(const Pool& pool, const TickPlan& tick) {
    std::set<TicketId> matched;
    for (const Seat& seat : tick.seats) matched.insert(pool.id(seat.slot));
    return matched;
  }

  std::mt19937_64 random_;
  ModeRules rules_;
  int team_size_;
  Pool pool_;
  PlannerMemory memory_;
  BucketMs now_ = kNow;
};

std::uint64_t any_seed() { return *rc::gen::arbitrary<std::uint64_t>(); }

/// Plans the ticks up to the foreseen one and checks that the ticket ends as it was foreseen.
void expect_true(const ForecastResult& foreseen, Queue& queue, const TicketId& id) {
  while (queue.now() + kTick < foreseen.at) {
    RC_ASSERT(!queue.tick().contains(id));
    RC_ASSERT(queue.pool().contains(id));
  }
  if (foreseen.kind == ForecastResult::Kind::unknown) return;
  const bool matched = queue.tick().contains(id);
  RC_ASSERT(queue.now() == foreseen.at);
  RC_ASSERT(matched == (foreseen.kind == ForecastResult::Kind::matched));
  RC_ASSERT(!queue.pool().contains(id));
}

RC_GTEST_PROP(Explaining, TheTicketEndsInTheForecastTickAndNotBefore, ()) {
  Queue queue(any_seed());
  RC_PRE(!queue.pool().empty());
  const Slot slot = queue.any_waiter();
  const auto foreseen = make_forecast(queue.around(slot), queue.ticks());
  RC_TAG(text_of(foreseen.kind == ForecastResult::Kind::matched ? WaitOutcome::matched : WaitOutcome::times_out));
  expect_true(foreseen, queue, queue.pool().id(slot));
}

RC_GTEST_PROP(Explaining, AForecastFromAPartOfTheQueueHoldsForTheWholeQueue, ()) {
  Queue queue(any_seed(), 150);
  RC_PRE(queue.pool().size() > 4);
  const Slot slot = queue.any_waiter();
  const auto foreseen = make_forecast(queue.around(slot, 2 + queue.random()() % 12), queue.ticks());
  RC_TAG(std::string(foreseen.kind == ForecastResult::Kind::unknown ? "unknown" : "known"));
  expect_true(foreseen, queue, queue.pool().id(slot));
}

RC_GTEST_PROP(Explaining, TheNamedWindowAndTheNamedNewcomersMatchTheTicketNow, ()) {
  Queue queue(any_seed());
  RC_PRE(!queue.pool().empty());
  const Slot slot = queue.any_waiter();
  const TicketId id = queue.pool().id(slot);
  const std::size_t most = queue.random()() % 2 == 0 ? kMaxNeighbours : 8;
  const Explanation said = explain(queue.around(slot, most), queue.ticks());
  if (said.rule == WaitRule::next_tick) {
    RC_ASSERT(queue.would_match().contains(id));
    return;
  }
  const bool sure = said.forecast->outcome != WaitOutcome::unknown || said.forecast->in_seconds > 0.15;
  if (sure) RC_ASSERT(!queue.would_match().contains(id));
  if (said.matched_now_with_window) {
    RC_ASSERT(queue.would_match_with_window(*said.matched_now_with_window).contains(id));
  }
  if (!said.matched_now_with) return;
  RC_ASSERT(said.forecast->outcome != WaitOutcome::matched);
  std::vector<PoolTicket> newcomers;
  const auto& with = *said.matched_now_with;
  for (int i = 0; i < with.parties; ++i) {
    newcomers.push_back(ticket(900'000 + static_cast<std::uint64_t>(i), with.rating, 0, with.party_size));
    newcomers.back().queued_at = queue.now() + kTick;
    newcomers.back().deadline = queue.now() + 60'000;
  }
  RC_ASSERT(queue.would_match(newcomers).contains(id));
  newcomers.pop_back();
  // Of several newcomers, fewer may be enough, because that changes the choices of the ticket's partners.
  if (sure && with.parties == 1) RC_ASSERT(!queue.would_match(newcomers).contains(id));
}

// The expected margins are computed by the helpers of instance.h.
RC_GTEST_PROP(Explaining, NeighboursAreComparedRuleByRule, ()) {
  Queue queue(any_seed());
  RC_PRE(!queue.pool().empty() && queue.rules().use_rating);
  const Slot slot = queue.any_waiter();
  const PoolTicket own = queue.pool().ticket(slot);
  const Explanation said = explain(queue.around(slot), queue.ticks());
  const double rating = rating_of_ticket(own, queue.rules());
  const double window = window_of_ticket(own, queue.rules(), queue.now());
  RC_ASSERT(std::abs(*said.rating - rating) < 0.01);
  RC_ASSERT(said.nearest.size() == std::min<std::size_t>(10, queue.pool().size() - 1));
  double last = 0;
  for (const NearTicket& near : said.nearest) {
    const double gap = std::abs(near.rating - rating);
    RC_ASSERT(gap >= last - 0.01);
    last = gap;
    RC_ASSERT(near.checks[0].rule == PairRule::your_window);
    RC_ASSERT(std::abs(*near.checks[0].margin - (window - gap)) < 0.02);
    RC_ASSERT(near.checks[1].rule == PairRule::their_window);
    RC_ASSERT(std::abs(*near.checks[1].margin - (near.rating_window - gap)) < 0.02);
  }
}

Pool pool_of(const ModeRules& rules, int team_size, const std::vector<PoolTicket>& tickets) {
  Pool pool(rules, team_size, default_region());
  for (const PoolTicket& each : tickets) pool.upsert(each);
  return pool;
}

Explanation explain_first(const Pool& pool, PlannerMemory& memory) {
  static_cast<void>(plan(pool, pool.rules(), kNow, memory));
  const Slot slot = *pool.slot_of(ticket_id(1));
  return explain(copy_neighbourhood(pool, kNow, memory, slot), {kNow + kTick, kTick});
}

TEST(Explaining, TwoTicketsThatWaitForTheirWindows) {
  // The ratings are 240 apart. A window of 100 + 10 a second reaches 240 after 14 s; the newer ticket has waited 4 s.
  const Pool pool = pool_of(rules_for(), 1, {ticket(1, 1500, 6), ticket(2, 1740, 4)});
  PlannerMemory memory;
  const Explanation said = explain_first(pool, memory);
  EXPECT_EQ(said.rule, WaitRule::window);
  EXPECT_NEAR(*said.by, 100, 0.01);
  EXPECT_EQ(said.forecast->outcome, WaitOutcome::matched);
  EXPECT_DOUBLE_EQ(said.forecast->in_seconds, 10);
  EXPECT_EQ(said.forecast->at_waited_ms, 16'000);
  EXPECT_DOUBLE_EQ(said.forecast->spread.value(), 240);
  EXPECT_DOUBLE_EQ(said.matched_now_with_window.value(), 240);
  EXPECT_FALSE(said.matched_now_with);
  ASSERT_EQ(said.nearest.size(), 1U);
  EXPECT_DOUBLE_EQ(said.nearest[0].accept_in_seconds.value(), 10);
  EXPECT_EQ(
      said.summary,
      "Nobody near enough in rating: the nearest is 240 points away, 100 beyond the other's window of ±140. If nobody "
      "else comes or goes, it is matched in 10 s (16 s after queueing), with ratings 240 apart. With windows of ±240 "
      "for everybody it would be matched now.");
}

TEST(Explaining, PartiesThatDoNotFillTheTeams) {
  const Pool pool = pool_of(rules_for(), 5, {ticket(1, 1500, 60, 4), ticket(2, 1510, 60, 4), ticket(3, 1490, 60, 3)});
  PlannerMemory memory;
  const Explanation said = explain_first(pool, memory);
  EXPECT_EQ(said.rule, WaitRule::players);
  EXPECT_EQ(said.forecast->outcome, WaitOutcome::times_out);
  EXPECT_EQ(said.matched_now_with->parties, 2);
  EXPECT_EQ(said.matched_now_with->party_size, 1);
  EXPECT_DOUBLE_EQ(said.matched_now_with->within, 100);
  EXPECT_FALSE(said.matched_now_with_window);
  const auto& sizes = said.nearest[0].checks.back();
  EXPECT_EQ(sizes.rule, PairRule::sizes);
  EXPECT_DOUBLE_EQ(*sizes.margin, -1);
}

TEST(Explaining, ARegionThatIsNotOpenYet) {
  ModeRules rules = rules_for();
  rules.max_latency_ms = 100;
  auto far = ticket(1, 1500, 2);
  far.latencies = Latencies{{*Region::parse("us-east"), 20}, {default_region(), 60}};
  const Pool pool = pool_of(rules, 1, {far, ticket(2, 1500, 30)});
  PlannerMemory memory;
  const Explanation said = explain_first(pool, memory);
  EXPECT_EQ(said.rule, WaitRule::latency);
  EXPECT_DOUBLE_EQ(*said.by, 18);  // 40 ms above the best region: two steps of 10 s
  EXPECT_DOUBLE_EQ(said.forecast->in_seconds, 18);
  const auto& region = said.nearest[0].checks[2];
  EXPECT_EQ(region.rule, PairRule::region);
  EXPECT_DOUBLE_EQ(*region.margin, -18);
}

TEST(Explaining, ATicketAloneInTheQueue) {
  const Pool pool = pool_of(rules_for(), 1, {ticket(1, 1500, 6)});
  PlannerMemory memory;
  const Explanation said = explain_first(pool, memory);
  EXPECT_EQ(said.rule, WaitRule::players);
  EXPECT_EQ(said.matched_now_with->parties, 1);
  EXPECT_TRUE(said.nearest.empty());
  EXPECT_EQ(said.forecast->outcome, WaitOutcome::times_out);
}

// A thousand parties of four and no solo ticket. More tickets affect the first one than are copied, but the party sizes
// in the queue prove that it can never be matched.
TEST(Explaining, ForecastsATimeoutWhereNoPartySizesOfTheQueueFit) {
  Pool pool(rules_for(), 5, default_region());
  for (std::uint64_t i = 1; i <= 1'000; ++i) pool.upsert(ticket(i, 1500 + static_cast<double>(i % 7), 60, 4));
  PlannerMemory memory;
  const Explanation said = explain_first(pool, memory);
  EXPECT_EQ(said.forecast->outcome, WaitOutcome::times_out);
}

// Where the outcome is uncertain, the forecast says until when the ticket is certainly not matched.
TEST(Explaining, SaysHowFarAheadItIsCertainInALargeQueue) {
  Pool pool(rules_for(), 5, default_region());
  for (std::uint64_t i = 1; i <= 1'000; ++i) pool.upsert(ticket(i, 1500 + static_cast<double>(i % 7), 60, 4));
  pool.upsert(ticket(2'000, 4'000, 0, 1));
  pool.upsert(ticket(2'001, 6'000, 0, 1));
  PlannerMemory memory;
  const Explanation said = explain_first(pool, memory);
  EXPECT_EQ(said.forecast->outcome, WaitOutcome::unknown);
  EXPECT_GE(said.forecast->in_seconds, 0.1);
}

/// A queue of solo tickets for teams of five that arrived over two minutes. After that no more tickets arrive.
struct Crowd {
  explicit Crowd(std::uint64_t seed) : rules(rules_for()), pool(crowd_rules(), 5, default_region()) {
    rules = crowd_rules();
    std::mt19937_64 random(seed);
    std::uint64_t number = 0;
    for (; now < kNow + 120'000; now += kTick) {
      for (auto coming = random() % 4; coming > 0; --coming) {
        // The sum of six uniform numbers is close enough to a normal distribution.
        double rating = 600;
        for (int i = 0; i < 6; ++i) rating += static_cast<double>(random() % 30'000) / 100;
        auto each = ticket(++number, rating);
        each.queued_at = now - static_cast<BucketMs>(random() % 100);
        each.deadline = each.queued_at + 600'000;
        pool.upsert(each);
      }
      tick();
    }
    now -= kTick;
  }

  static ModeRules crowd_rules() {
    ModeRules rules = rules_for();
    rules.initial_window = 25;
    rules.max_window = 400;
    rules.widen_seconds = 60;
    return rules;
  }

  void tick() {
    const TickPlan tick = plan(pool, rules, now, memory);
    std::vector<TicketId> gone;
    for (const Seat& seat : tick.seats) gone.push_back(pool.id(seat.slot));
    for (const Slot slot : tick.expired) gone.push_back(pool.id(slot));
    for (const TicketId& id : gone) {
      pool.erase(id);
      ended[id] = now;
    }
  }

  ModeRules rules;
  Pool pool;
  PlannerMemory memory;
  BucketMs now = kNow;
  std::map<TicketId, BucketMs> ended;
};

// Every forecast is compared with what happens, and most tickets must get one.
TEST(Explaining, MostTicketsOfALargeQueueGetAForecastAndEveryForecastIsTrue) {
  int certain = 0, all = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Crowd crowd(seed);
    ASSERT_GT(crowd.pool.size(), 60U);
    std::map<TicketId, ForecastResult> foreseen;
    crowd.pool.sorted().for_each([&](const Waiter& waiter) {
      const auto around = copy_neighbourhood(crowd.pool, crowd.now, crowd.memory, waiter.slot);
      foreseen[crowd.pool.id(waiter.slot)] = make_forecast(around, {crowd.now + kTick, kTick});
    });
    while (!crowd.pool.empty()) crowd.now += kTick, crowd.tick();
    for (const auto& [id, said] : foreseen) {
      ++all;
      if (said.kind == ForecastResult::Kind::unknown) {
        EXPECT_LE(said.at, crowd.ended[id]);
        continue;
      }
      ++certain;
      EXPECT_EQ(said.at, crowd.ended[id]) << "seed " << seed;
    }
  }
  EXPECT_GT(certain, all * 7 / 10) << certain << " of " << all << " tickets have a certain forecast";
}

// Tickets 2 and 3 accept ticket 1 but not each other. Whichever the planner takes, ticket 1 is matched.
TEST(Explaining, ForecastsAMatchWhereEveryPossibleMatchHoldsTheTicket) {
  const Pool pool = pool_of(rules_for(), 1, {ticket(1, 1500, 6), ticket(2, 1359.5, 4), ticket(3, 1640.5, 4)});
  PlannerMemory memory;
  const Explanation said = explain_first(pool, memory);
  EXPECT_EQ(said.rule, WaitRule::next_tick);
  EXPECT_EQ(said.summary, "It is matched in the next tick.");
}

TEST(Explaining, CountsOnlyTicketsThatAcceptItToo) {
  // Both newcomers are within the wide window of ticket 1, but their own windows are narrow.
  const Pool pool =
      pool_of(rules_for(), 2, {ticket(1, 1500, 60), ticket(2, 1510, 60), ticket(3, 1800, 0), ticket(4, 1810, 0)});
  PlannerMemory memory;
  const Explanation said = explain_first(pool, memory);
  EXPECT_EQ(said.rule, WaitRule::players);
  EXPECT_DOUBLE_EQ(*said.by, 2);
}

Explanation waiting_for(WaitRule rule, std::optional<double> by) {
  Explanation said;
  said.region = default_region();
  said.rule = rule;
  said.by = by;
  said.rating_window = 100;
  return said;
}

TEST(ExplainingInWords, NamesWhatIsMissing) {
  EXPECT_EQ(in_words(waiting_for(WaitRule::players, 1)), "Too few players: 1 more is needed whose rating fits.");
  EXPECT_EQ(in_words(waiting_for(WaitRule::players, 7)), "Too few players: 7 more are needed whose rating fits.");
  auto unrated = waiting_for(WaitRule::players, 7);
  unrated.rating_window.reset();
  EXPECT_EQ(in_words(unrated), "Too few players: 7 more are needed.");
  EXPECT_EQ(in_words(waiting_for(WaitRule::latency, 18)),
            "Its latency to " + default_region().str() + " is high: it may play there in 18 s.");
  EXPECT_EQ(in_words(waiting_for(WaitRule::window, 12.5)),
            "Nobody near enough in rating: the nearest is 12.5 points beyond the window of one of the two.");
}

TEST(ExplainingInWords, SaysWhichTicketsAreFarFromTheRegion) {
  auto said = waiting_for(WaitRule::latency, 18);
  NearTicket closed;
  closed.checks = {{PairRule::region, 18, 0, -18}};
  said.nearest = {closed, closed};
  EXPECT_EQ(in_words(said), "Its latency to " + default_region().str() + " is high: it may play there in 18 s.");
  said.nearest[0].checks = {{PairRule::region, 0, 0, 0}};
  EXPECT_EQ(in_words(said), "Enough players accept it, but " + default_region().str() +
                                " is far from some of them: these may play there in 18 s.");
  said.by.reset();
  EXPECT_EQ(in_words(said),
            "Its latency to " + default_region().str() + " is too high to play there, however long it waits.");
}

TEST(ExplainingInWords, SaysWhetherPartySizesOrRatingsPreventAMatch) {
  auto said = waiting_for(WaitRule::players, 0);
  NearTicket near;
  near.checks = {{PairRule::players, 11, 10, 1}, {PairRule::sizes, 0, 1, -1}};
  said.nearest = {near};
  EXPECT_EQ(in_words(said), "There are enough players, but the sizes of their parties do not fill the teams exactly.");
  said.nearest[0].checks = {{PairRule::players, 7, 10, -3}};
  EXPECT_EQ(in_words(said), "There are enough players near it in rating, but too few who all accept each other.");
}

TEST(ExplainingInWords, SaysHowFarAheadTheForecastIsCertain) {
  auto said = waiting_for(WaitRule::outbid, {});
  said.forecast = Forecast{WaitOutcome::unknown, 3.4, 8'400, {}, {}};
  said.matched_now_with = Newcomers{2, 1, 1500, 100};
  EXPECT_EQ(
      in_words(said),
      "There was a match for it, but whom it would have played with got a better one; after a few such ticks in a row "
      "it comes first. If nobody else comes or goes, it is not matched within 3.4 s (8.4 s after queueing); what "
      "follows depends on too many others to say. With 2 players alone more of its own rating (1500) it would be "
      "matched now; nobody more than 100 from it could help yet.");
}

}  // namespace
}  // namespace mm::matching
