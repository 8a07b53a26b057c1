// Finds the best set of disjoint matches among up to 28 tickets. It is the inner step of the local search, and the
// whole search on a small island.
//
// First, proposals: for each ticket as the lowest of its match, the feasible sets above it, those that skip the fewest
// tickets first. Then branch and bound over the proposals: the lowest remaining ticket either stays free or takes one
// of its proposals. A ticket's share is the most it can contribute in any proposal: the utility times its part of the
// players. The sum of the remaining shares bounds what a branch can still gain. All limits count steps, never time, so
// the result is the same on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "services/matchmaker/matching/search/match_evaluator.h"

namespace mm::matching {

class Packing {
 public:
  /// Sets of tickets are bit masks; this is the most tickets that solve() accepts.
  static constexpr std::size_t kMaxTickets = 28;

  Packing(const Format& format, const Candidates& candidates, MatchEvaluator& evaluator);

  struct Found {
    std::vector<Index> tickets;
    Utility utility;
  };
  /// Searches `tickets` (in list order) for matches worth more than `at_least` together. False if none are found.
  bool solve(std::span<const Index> tickets, double at_least, std::vector<Found>& found);

  /// Begins a tick. Its search stops after `max_steps` steps; by default there is no such limit.
  void begin(std::uint64_t max_steps) {
    steps_ = 0;
    max_steps_ = max_steps;
  }
  /// Steps taken in this tick: the cost of the search, in units of a few tens of nanoseconds.
  std::uint64_t steps() const { return steps_; }
  bool gave_up() const { return steps_ >= max_steps_; }

 private:
  using Mask = std::uint32_t;
  static constexpr std::size_t kProposalsPerTicket = 96;
  static constexpr int kStepsPerTicket = 2'000;
  static constexpr int kBranches = 15'000;
  static constexpr std::size_t kComparisonsPerStep = 16;  ///< proposals compared in the time of one step
  static constexpr std::size_t kSeen = 1 << 12;
  static constexpr std::size_t kNeighbours = 7;
  /// A branch is followed only if its bound exceeds the best value by this factor; the last 0.05 % costs too much time.
  static constexpr double kMinGainFactor = 1.0005;

  struct Proposal {
    Mask tickets;
    Utility utility;
    double total;  ///< utility.total()
    double share;  ///< sum of its tickets' shares
  };
  struct Partial {
    Mask chosen;
    Mask allowed;  ///< tickets above the highest chosen one that accept, and are accepted by, all chosen ones
    int players;
    int skips;  ///< how many allowed tickets are still to be skipped
  };

  void find_mates();
  void count_players();
  void propose_all();
  void propose(int lowest);
  void extend(const Partial& partial);
  void add_proposal(Mask chosen);
  int players_in(Mask mask) const;
  void set_shares();
  void search(Mask left, double value, double share, int players);
  bool seen_better(Mask left, double value);

  const Format& format_;
  const Candidates& candidates_;
  MatchEvaluator& evaluator_;
  std::uint64_t steps_ = 0;
  std::uint64_t max_steps_ = std::numeric_limits<std::uint64_t>::max();

  std::vector<Index> tickets_;
  std::array<Mask, kMaxTickets> mates_{};
  std::array<int, kMaxTickets> sizes_{};
  /// The number of players of every subset of seven neighbours. The number for any set is the sum of four entries.
  std::array<std::array<std::uint16_t, 1 << kNeighbours>, kMaxTickets / kNeighbours> players_{};
  std::array<double, kMaxTickets> shares_{};
  std::array<std::vector<Proposal>, kMaxTickets> proposals_;  ///< by lowest ticket, best first
  std::array<std::vector<Mask>, kMaxTickets> sets_;           ///< the tickets of each proposal; read most often
  int lowest_ = 0;
  int steps_left_ = 0;
  std::vector<Index> set_;

  double best_ = 0;
  double top_utility_ = 0;
  int branches_ = 0;
  int max_branches_ = kBranches;
  std::vector<const Proposal*> path_;
  std::vector<const Proposal*> best_path_;
  struct Seen {
    Mask left = 0;
    std::uint32_t round = 0;
    double value = 0;
  };
  std::vector<Seen> seen_;
  std::uint32_t round_ = 0;  ///< number of the solve() call; entries of `seen_` with another number are invalid
};

}  // namespace mm::matching
