// Whether what tickets are told about their wait holds: crowds of several sizes, rates of arrival and tails live an
// evening under the platform's own policy, and each ticket is asked, when it enters, how long it will wait. Half of the
// crowds were looked at while the estimator was written; the other half was not.
#include <gtest/gtest.h>

#include <cstdio>
#include <unordered_map>

#include "services/matchmaker/waits/estimates.h"
#include "services/simulator/policies/ours.h"
#include "services/simulator/world/simulation.h"
#include "services/simulator/world/trial.h"
#include "tests/unit/simulator/scene.h"

namespace mm::simulator {
namespace {

/// How many were told, and of how many it was true.
struct Coverage {
  int told = 0;
  int within_p50 = 0;
  int within_p90 = 0;

  void add(const Coverage& other) {
    told += other.told;
    within_p50 += other.within_p50;
    within_p90 += other.within_p90;
  }
  double p50() const { return told == 0 ? 0 : 100.0 * within_p50 / told; }
  double p90() const { return told == 0 ? 0 : 100.0 * within_p90 / told; }
};

/// Our policy, with a board of estimates beside it that sees what the daemon's sees: matches, tickets that leave, and
/// once a second who waits.
class Foretold : public Policy {
 public:
  Foretold(const Terms& terms, matching::BucketMs asked_from, matching::BucketMs asked_until)
      : terms_(terms), ours_(terms), estimates_(terms.rules), from_(asked_from), until_(asked_until) {}

  void enter(const WaitingTicket& ticket) override {
    look(ticket.queued_at);
    const auto curve = estimates_.curve(ticket.rating, ticket.size(), ticket.queued_at);
    Told told{ticket, curve.remaining(0), {}};
    waiting_.emplace(ticket.number, told);
    ours_.enter(ticket);
  }

  void leave(TicketNumber number, matching::BucketMs now) override {
    const Told& told = waiting_.at(number);
    estimates_.left(told.ticket.rating, told.ticket.size(), now - told.ticket.queued_at, now);
    // A ticket whose time was over has waited longer than any estimate short of that; one that gave up before what it
    // was told had passed says nothing.
    const bool timed_out = now >= told.ticket.deadline;
    const auto waited = static_cast<double>(now - told.ticket.queued_at);
    if (timed_out || waited > told.at_first.p90_ms) count(told, timed_out ? waited + 1 : waited);
    waiting_.erase(number);
    ours_.leave(number, now);
  }

  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override {
    look(now);
    const std::size_t first = made.size();
    ours_.tick(now, made);
    for (std::size_t i = first; i < made.size(); ++i) {
      for (const MadeSeat& seat : made[i].seats) finish(seat.ticket, now);
    }
  }

  matching::BucketMs due() const override { return ours_.due(); }

  Coverage at_first, of_the_best, of_the_worst, later;

 private:
  struct Told {
    WaitingTicket ticket;
    matchmaker::WaitEstimate at_first;
    std::vector<std::pair<matching::BucketMs, matchmaker::WaitEstimate>> later;  ///< what it was told as it waited on
  };

  void look(matching::BucketMs now) {
    if (now - looked_at_ < kSecond) return;
    looked_at_ = now;
    matchmaker::WaitingSample sample;
    for (auto& [number, told] : waiting_) {
      const matching::BucketMs waited = now - told.ticket.queued_at;
      sample.add(told.ticket.rating, told.ticket.size(), waited);
    }
    estimates_.waiting(std::move(sample), now);
    if (now / kSecond % 5 != 0) return;
    for (auto& [number, told] : waiting_) {
      const matching::BucketMs waited = now - told.ticket.queued_at;
      if (waited < 2 * kSecond) continue;
      told.later.emplace_back(now, estimates_.estimate(told.ticket.rating, told.ticket.size(), now, waited));
    }
  }

  void finish(TicketNumber number, matching::BucketMs now) {
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    const Told& told = found->second;
    const matching::BucketMs waited = now - told.ticket.queued_at;
    estimates_.matched(told.ticket.rating, told.ticket.size(), waited, now);
    count(told, static_cast<double>(waited));
    for (const auto& [at, estimate] : told.later) add(later, estimate, static_cast<double>(now - at));
    waiting_.erase(found);
  }

  void count(const Told& told, double waited) {
    if (told.ticket.queued_at < from_ || told.ticket.queued_at >= until_) return;
    add(at_first, told.at_first, waited);
    if (told.ticket.rating > 1900) add(of_the_best, told.at_first, waited);
    if (told.ticket.rating < 1100) add(of_the_worst, told.at_first, waited);
  }
  static void add(Coverage& to, const matchmaker::WaitEstimate& estimate, double waited) {
    ++to.told;
    to.within_p50 += waited <= estimate.p50_ms ? 1 : 0;
    to.within_p90 += waited <= estimate.p90_ms ? 1 : 0;
  }

  Terms terms_;
  Ours ours_;
  matchmaker::WaitEstimates estimates_;
  matching::BucketMs from_, until_;
  matching::BucketMs looked_at_ = 0;
  std::unordered_map<TicketNumber, Told> waiting_;
};

struct Case {
  const char* name;
  int team_size;
  int players;
  double away_minutes;
  double sd;
  bool tails = false;  ///< a twentieth plays far better than the rest
  bool parties = false;
  double patience_minutes = 0;
};

Population population_of(const Case& one) {
  Population population;
  population.name = one.name;
  population.team_size = one.team_size;
  population.players = one.players;
  population.minutes = 25;
  population.warm_up_minutes = 20;
  population.away_minutes = one.away_minutes;
  population.match_minutes = 8;
  population.patience_minutes = one.patience_minutes;
  population.ratings = {{.share = 0.95, .mean = 1500, .sd = one.sd, .deviation = 60}};
  if (one.tails) population.ratings.push_back({.share = 0.05, .mean = 2300, .sd = 150, .deviation = 60});
  if (one.parties) {
    population.parties = {{1, 0.6}, {2, 0.2}, {3, 0.1}, {4, 0.05}, {5, 0.05}};
    std::erase_if(population.parties, [&](const PartyShare& party) { return party.size > one.team_size; });
  }
  return population;
}

Coverage told_of(const Case& one, std::uint64_t seed) {
  const Population population = population_of(one);
  const Crowd crowd(population, seed);
  const Terms terms = terms_for(population, scene_rules(), crowd, seed);
  const auto begin = static_cast<matching::BucketMs>(population.start_hour * 3'600'000);
  const auto from = begin + static_cast<matching::BucketMs>(population.warm_up_minutes * 60'000);
  Foretold policy(terms, from, from + static_cast<matching::BucketMs>(population.minutes * 60'000));
  Simulation(population, crowd, terms, policy).run();
  std::printf("%-26s %6d   %5.1f %5.1f   %5.1f (%5d) %5.1f (%5d)   %5.1f %5.1f\n", one.name, policy.at_first.told,
              policy.at_first.p50(), policy.at_first.p90(), policy.of_the_best.p90(), policy.of_the_best.told,
              policy.of_the_worst.p90(), policy.of_the_worst.told, policy.later.p50(), policy.later.p90());
  return policy.at_first;
}

void print_head() {
  std::printf("%-26s %6s   %-11s   %-29s   %s\n%-26s %6s   %5s %5s   %-13s %-13s   %5s %5s\n", "", "", "% within",
              "% within p90 of ratings", "as they wait on", "crowd", "told", "p50", "p90", "over 1900", "under 1100",
              "p50", "p90");
}

constexpr Case kLookedAt[] = {
    {"duels, busy", 1, 4000, 20, 320},
    {"duels, quiet", 1, 300, 40, 320},
    {"duels, long tail", 1, 1500, 40, 250, true},
    {"two a side", 2, 1200, 40, 300},
    {"five a side, busy", 5, 6000, 30, 320},
    {"five a side, parties", 5, 3000, 40, 300, false, true},
};

constexpr Case kHeldOut[] = {
    {"duels, crowd", 1, 9000, 30, 280},
    {"duels, village", 1, 150, 40, 250},
    {"duels, impatient, tail", 1, 800, 40, 300, true, false, 2},
    {"three a side, tail", 3, 2500, 30, 300, true},
    {"four a side, parties", 4, 1500, 40, 350, false, true},
    {"five a side, quiet", 5, 1500, 40, 300, false, true},
};

void expect_covered(const Coverage& coverage, const char* of) {
  EXPECT_GE(coverage.p90(), 85) << of;
  EXPECT_LE(coverage.p90(), 95) << of;
}

template <std::size_t N>
Coverage told_of_all(const Case (&cases)[N], std::uint64_t seed) {
  Coverage all;
  for (const Case& one : cases) {
    const Coverage coverage = told_of(one, seed++);
    expect_covered(coverage, one.name);
    all.add(coverage);
  }
  return all;
}

TEST(WaitsForetold, HoldForNineInTenTicketsOfEveryCrowd) {
  print_head();
  Coverage looked_at = told_of_all(kLookedAt, 11);
  std::printf("held out:\n");
  Coverage held_out = told_of_all(kHeldOut, 101);
  expect_covered(looked_at, "those looked at");
  expect_covered(held_out, "those held out");
  std::printf("all looked at: p50 %.1f, p90 %.1f; all held out: p50 %.1f, p90 %.1f\n", looked_at.p50(), looked_at.p90(),
              held_out.p50(), held_out.p90());
}

}  // namespace
}  // namespace mm::simulator
