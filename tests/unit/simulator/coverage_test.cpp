// Tests the accuracy of wait estimates. Crowds of several sizes, arrival rates and rating tails are simulated for an
// evening under the platform's own policy, and each ticket gets an estimate when it enters. The estimator was developed
// with half of the crowds; the other half was held out.
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

/// The number of tickets with an estimate, and the number for which it was true.
struct Coverage {
  int estimated = 0;
  int within_p50 = 0;
  int within_p90 = 0;

  void add(const Coverage& other) {
    estimated += other.estimated;
    within_p50 += other.within_p50;
    within_p90 += other.within_p90;
  }
  double p50() const { return estimated == 0 ? 0 : 100.0 * within_p50 / estimated; }
  double p90() const { return estimated == 0 ? 0 : 100.0 * within_p90 / estimated; }
};

/// Our policy together with a wait estimator. The estimator has the same input as in the daemon: matches, tickets that
/// leave, and once a second the waiting tickets.
class EstimatingPolicy : public Policy {
 public:
  EstimatingPolicy(const Terms& terms, matching::BucketMs counted_from, matching::BucketMs counted_until)
      : terms_(terms), ours_(terms), estimates_(terms.rules), from_(counted_from), until_(counted_until) {}

  void enter(const WaitingTicket& ticket) override {
    observe(ticket.queued_at);
    const auto curve = estimates_.curve(ticket.rating, ticket.size(), ticket.queued_at);
    EstimatedTicket estimated{ticket, curve.remaining(0), {}};
    waiting_.emplace(ticket.number, estimated);
    ours_.enter(ticket);
  }

  void leave(TicketNumber number, matching::BucketMs now) override {
    const EstimatedTicket& estimated = waiting_.at(number);
    estimates_.departed(estimated.ticket.rating, estimated.ticket.size(), now - estimated.ticket.queued_at, now);
    // A ticket that timed out has waited longer than any estimate below its maximum wait. A ticket that gave up before
    // its p90 had passed is not counted.
    const bool timed_out = now >= estimated.ticket.deadline;
    const auto waited = static_cast<double>(now - estimated.ticket.queued_at);
    if (timed_out || waited > estimated.at_first.p90_ms) count(estimated, timed_out ? waited + 1 : waited);
    waiting_.erase(number);
    ours_.leave(number, now);
  }

  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override {
    observe(now);
    const std::size_t first = made.size();
    ours_.tick(now, made);
    for (std::size_t i = first; i < made.size(); ++i) {
      for (const MadeSeat& seat : made[i].seats) finish(seat.ticket, now);
    }
  }

  matching::BucketMs due() const override { return ours_.due(); }

  Coverage at_first, of_the_best, of_the_worst, later;

 private:
  struct EstimatedTicket {
    WaitingTicket ticket;
    matchmaker::WaitEstimate at_first;
    std::vector<std::pair<matching::BucketMs, matchmaker::WaitEstimate>>
        later;  ///< estimates made later, while the ticket waited
  };

  void observe(matching::BucketMs now) {
    if (now - observed_at_ < kSecond) return;
    observed_at_ = now;
    matchmaker::WaitingSample sample;
    for (auto& [number, estimated] : waiting_) {
      const matching::BucketMs waited = now - estimated.ticket.queued_at;
      sample.add(estimated.ticket.rating, estimated.ticket.size(), waited);
    }
    estimates_.waiting(std::move(sample), now);
    if (now / kSecond % 5 != 0) return;
    for (auto& [number, estimated] : waiting_) {
      const matching::BucketMs waited = now - estimated.ticket.queued_at;
      if (waited < 2 * kSecond) continue;
      estimated.later.emplace_back(now,
                                   estimates_.estimate(estimated.ticket.rating, estimated.ticket.size(), now, waited));
    }
  }

  void finish(TicketNumber number, matching::BucketMs now) {
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return;
    const EstimatedTicket& estimated = found->second;
    const matching::BucketMs waited = now - estimated.ticket.queued_at;
    estimates_.matched(estimated.ticket.rating, estimated.ticket.size(), waited, now);
    count(estimated, static_cast<double>(waited));
    for (const auto& [at, estimate] : estimated.later) add(later, estimate, static_cast<double>(now - at));
    waiting_.erase(found);
  }

  void count(const EstimatedTicket& estimated, double waited) {
    if (estimated.ticket.queued_at < from_ || estimated.ticket.queued_at >= until_) return;
    add(at_first, estimated.at_first, waited);
    if (estimated.ticket.rating > 1900) add(of_the_best, estimated.at_first, waited);
    if (estimated.ticket.rating < 1100) add(of_the_worst, estimated.at_first, waited);
  }
  static void add(Coverage& to, const matchmaker::WaitEstimate& estimate, double waited) {
    ++to.estimated;
    to.within_p50 += waited <= estimate.p50_ms ? 1 : 0;
    to.within_p90 += waited <= estimate.p90_ms ? 1 : 0;
  }

  Terms terms_;
  Ours ours_;
  matchmaker::WaitEstimates estimates_;
  matching::BucketMs from_, until_;
  matching::BucketMs observed_at_ = 0;
  std::unordered_map<TicketNumber, EstimatedTicket> waiting_;
};

struct Case {
  const char* name;
  int team_size;
  int players;
  double away_minutes;
  double sd;
  bool tails = false;  ///< a twentieth of the players have a far higher rating
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

Coverage coverage_of(const Case& one, std::uint64_t seed) {
  const Population population = population_of(one);
  const Crowd crowd(population, seed);
  const Terms terms = terms_for(population, scene_rules(), crowd, seed);
  const auto begin = static_cast<matching::BucketMs>(population.start_hour * 3'600'000);
  const auto from = begin + static_cast<matching::BucketMs>(population.warm_up_minutes * 60'000);
  EstimatingPolicy policy(terms, from, from + static_cast<matching::BucketMs>(population.minutes * 60'000));
  Simulation(population, crowd, terms, policy).run();
  std::printf("%-26s %6d   %5.1f %5.1f   %5.1f (%5d) %5.1f (%5d)   %5.1f %5.1f\n", one.name, policy.at_first.estimated,
              policy.at_first.p50(), policy.at_first.p90(), policy.of_the_best.p90(), policy.of_the_best.estimated,
              policy.of_the_worst.p90(), policy.of_the_worst.estimated, policy.later.p50(), policy.later.p90());
  return policy.at_first;
}

void print_head() {
  std::printf("%-26s %6s   %-11s   %-29s   %s\n%-26s %6s   %5s %5s   %-13s %-13s   %5s %5s\n", "", "", "% within",
              "% within p90 of ratings", "as they wait on", "crowd", "count", "p50", "p90", "over 1900", "under 1100",
              "p50", "p90");
}

constexpr Case kDevelopmentCases[] = {
    {"duels, busy", 1, 4000, 20, 320},
    {"duels, quiet", 1, 300, 40, 320},
    {"duels, long tail", 1, 1500, 40, 250, true},
    {"two a side", 2, 1200, 40, 300},
    {"five a side, busy", 5, 6000, 30, 320},
    {"five a side, parties", 5, 3000, 40, 300, false, true},
};

constexpr Case kHeldOutCases[] = {
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
Coverage coverage_of_all(const Case (&cases)[N], std::uint64_t seed) {
  Coverage all;
  for (const Case& one : cases) {
    const Coverage coverage = coverage_of(one, seed++);
    expect_covered(coverage, one.name);
    all.add(coverage);
  }
  return all;
}

TEST(EstimatedWaits, HoldForNineInTenTicketsOfEveryCrowd) {
  print_head();
  Coverage development = coverage_of_all(kDevelopmentCases, 11);
  std::printf("held out:\n");
  Coverage held_out = coverage_of_all(kHeldOutCases, 101);
  expect_covered(development, "all development crowds");
  expect_covered(held_out, "all held-out crowds");
  std::printf("all development crowds: p50 %.1f, p90 %.1f; all held-out crowds: p50 %.1f, p90 %.1f\n",
              development.p50(), development.p90(), held_out.p50(), held_out.p90());
}

}  // namespace
}  // namespace mm::simulator
