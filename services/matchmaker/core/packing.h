// The best set of disjoint matches among a few tickets: the kernel of the local search, and the whole search where
// the island is small.
//
// First proposals: for each ticket as the lowest of its match, the feasible sets above it, those that skip fewest
// tickets first. Then branch and bound over them: the lowest ticket left either stays free or takes one of its
// proposals. A ticket's share is the most it can contribute, utility times its part of the players, in any proposal;
// the sum of the shares left bounds what a branch can still win. All limits count steps, never time, so the result
// is the same everywhere.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "services/matchmaker/core/appraise.h"

namespace mm::matchmaker {

class Packing {
 public:
  /// A set of tickets is a bit mask.
  static constexpr std::size_t kMostTickets = 28;

  Packing(const Format& format, const Line& line, Appraiser& appraiser);

  struct Found {
    std::vector<Index> tickets;
    Worth worth;
  };
  /// Looks among `tickets` (in the line's order) for matches worth more than `at_least` together. False: none found.
  bool solve(std::span<const Index> tickets, double at_least, std::vector<Found>& found);

  /// A tick begins; its search is given up beyond so many steps, which no tick does by itself.
  void begin(std::uint64_t most_steps) {
    steps_ = 0;
    most_steps_ = most_steps;
  }
  /// Steps taken in this tick: what the search has cost, in a unit of some tens of nanoseconds.
  std::uint64_t steps() const { return steps_; }
  bool gave_up() const { return steps_ >= most_steps_; }

 private:
  using Mask = std::uint32_t;
  static constexpr std::size_t kProposalsPerTicket = 96;
  static constexpr int kStepsPerTicket = 2'000;
  static constexpr int kBranches = 15'000;
  static constexpr std::size_t kLooksPerStep = 16;  ///< proposals glanced at in the time of one step
  static constexpr std::size_t kSeen = 1 << 12;
  static constexpr std::size_t kNeighbours = 7;
  /// A branch must promise this much more than the best so far: proving the last thousandth is not worth the time.
  static constexpr double kWorthwhile = 1.0005;

  struct Proposal {
    Mask tickets;
    Worth worth;
    double utility;
    double share;  ///< sum of its tickets' shares
  };
  struct Partial {
    Mask chosen;
    Mask allowed;  ///< above the highest chosen, and accepted by and accepting all chosen
    int players;
    int skips;  ///< how many allowed tickets are still to be passed over
  };

  void see_who_accepts_whom();
  void count_players();
  void propose_all();
  void propose(int lowest);
  void extend(const Partial& partial);
  void offer(Mask chosen);
  int players_in(Mask mask) const;
  void set_shares();
  void search(Mask left, double value, double share, int players);
  bool seen_better(Mask left, double value);

  const Format& format_;
  const Line& line_;
  Appraiser& appraiser_;
  std::uint64_t steps_ = 0;
  std::uint64_t most_steps_ = std::numeric_limits<std::uint64_t>::max();

  std::vector<Index> tickets_;
  std::array<Mask, kMostTickets> mates_{};
  std::array<int, kMostTickets> sizes_{};
  /// The players of every set of seven neighbours: those of any set are four of these.
  std::array<std::array<std::uint16_t, 1 << kNeighbours>, kMostTickets / kNeighbours> players_{};
  std::array<double, kMostTickets> shares_{};
  std::array<std::vector<Proposal>, kMostTickets> proposals_;  ///< by lowest ticket, best first
  std::array<std::vector<Mask>, kMostTickets> sets_;           ///< their tickets, which are looked at most
  int lowest_ = 0;
  int steps_left_ = 0;
  std::vector<Index> set_;

  double best_ = 0;
  double top_utility_ = 0;
  int branches_ = 0;
  int most_branches_ = kBranches;
  std::vector<const Proposal*> path_;
  std::vector<const Proposal*> best_path_;
  struct Seen {
    Mask left = 0;
    std::uint32_t round = 0;
    double value = 0;
  };
  std::vector<Seen> seen_;
  std::uint32_t round_ = 0;  ///< of solve(): what others have left in `seen_` is not there
};

}  // namespace mm::matchmaker
