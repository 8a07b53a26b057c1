#include "tests/unit/matchmaking/exact.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include "services/matchmaker/matching/rules/quality.h"

namespace mm::matching::testing {
namespace {

using Mask = std::uint32_t;

struct FeasibleSet {
  Mask tickets;
  double utility;
};

/// Collects the feasible sets by their lowest ticket, and packs them into matches by branch and bound.
class Exact {
 public:
  Exact(const Instance& instance, std::size_t most_sets) : instance_(instance), most_sets_(most_sets) {
    const std::size_t n = instance.tickets.size();
    for (const auto& ticket : instance.tickets) {
      ratings_.push_back(rating_of_ticket(ticket, instance.rules));
      windows_.push_back(window_of_ticket(ticket, instance.rules, kNow));
      sizes_.push_back(static_cast<int>(ticket.players.size()));
    }
    by_lowest_.resize(n);
    mates_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        const double gap = std::fabs(ratings_[i] - ratings_[j]);
        if (i != j && gap <= std::min(windows_[i], windows_[j])) mates_[i] |= Mask{1} << j;
      }
    }
  }

  const std::vector<std::vector<FeasibleSet>>& collect_all() {
    for (std::size_t i = 0; i < instance_.tickets.size() && sets_ <= most_sets_; ++i) {
      collect(i, Mask{1} << i, mates_[i] & ~((Mask{2} << i) - 1), sizes_[i]);
    }
    return by_lowest_;
  }

  std::optional<ExactAnswer> solve() {
    const std::size_t n = instance_.tickets.size();
    collect_all();
    if (sets_ > most_sets_) return std::nullopt;
    shares_.resize(n);
    for (auto& sets : by_lowest_) {
      std::sort(sets.begin(), sets.end(), [](const auto& a, const auto& b) { return a.utility > b.utility; });
      for (const auto& set : sets) {
        for (std::size_t i = 0; i < n; ++i) {
          if ((set.tickets >> i & 1U) != 0) shares_[i] = std::max(shares_[i], set.utility * sizes_[i] / all_players());
        }
      }
    }
    pack(n == 0 ? 0 : static_cast<Mask>((1ULL << n) - 1), 0, 0);
    if (steps_ > kMaxSteps) return std::nullopt;
    return ExactAnswer{best_, best_matches_, sets_};
  }

 private:
  static constexpr std::size_t kMaxSteps = 3'000'000;

  int all_players() const { return instance_.rules.teams * instance_.team_size; }

  void collect(std::size_t lowest, Mask chosen, Mask allowed, int players) {
    if (players == all_players()) {
      ++sets_;
      if (const auto utility = utility_of_set(chosen)) by_lowest_[lowest].push_back({chosen, *utility});
      return;
    }
    for (Mask rest = allowed; rest != 0 && sets_ <= most_sets_; rest &= rest - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(rest));
      if (players + sizes_[i] > all_players()) continue;
      collect(lowest, chosen | Mask{1} << i, rest & (rest - 1) & mates_[i], players + sizes_[i]);
    }
  }

  std::optional<double> utility_of_set(Mask set) const {
    double total = 0, variance = 0, bonus = 0, low = 1e9, high = -1e9;
    for (Mask rest = set; rest != 0; rest &= rest - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(rest));
      const auto& ticket = instance_.tickets[i];
      total += ratings_[i] * sizes_[i];
      for (const auto& player : ticket.players) variance += player.deviation * player.deviation;
      bonus += waiting_bonus(kNow - ticket.queued_at, instance_.rules.widen_seconds) * sizes_[i] / all_players();
      low = std::min(low, ratings_[i]);
      high = std::max(high, ratings_[i]);
    }
    const double gap = least_gap(set & (set - 1), sizes_of_lowest(set), strength_of_lowest(set), total);
    if (gap > 1e8) return std::nullopt;
    return quality(high - low, advantage({gap, variance}, {}, instance_.team_size)) + bonus;
  }

  int sizes_of_lowest(Mask set) const { return sizes_[static_cast<std::size_t>(std::countr_zero(set))]; }
  double strength_of_lowest(Mask set) const {
    const auto i = static_cast<std::size_t>(std::countr_zero(set));
    return ratings_[i] * sizes_[i];
  }

  double least_gap(Mask rest, int players, double strength, double total) const {
    if (players == instance_.team_size) return std::fabs(2 * strength - total);
    double least = 1e9;
    for (; rest != 0; rest &= rest - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(rest));
      if (players + sizes_[i] > instance_.team_size) continue;
      least =
          std::min(least, least_gap(rest & (rest - 1), players + sizes_[i], strength + ratings_[i] * sizes_[i], total));
    }
    return least;
  }

  void pack(Mask left, double value, std::size_t matches) {
    if (value > best_) {
      best_ = value;
      best_matches_ = matches;
    }
    double share = 0;
    for (Mask rest = left; rest != 0; rest &= rest - 1)
      share += shares_[static_cast<std::size_t>(std::countr_zero(rest))];
    while (left != 0 && value + share > best_ + 1e-9) {
      if (++steps_ > kMaxSteps) return;
      const auto [seen, fresh] = seen_.try_emplace(left, value);
      if (!fresh && seen->second >= value) return;
      seen->second = value;
      const auto lowest = static_cast<std::size_t>(std::countr_zero(left));
      for (const auto& set : by_lowest_[lowest]) {
        if ((set.tickets & ~left) == 0) pack(left & ~set.tickets, value + set.utility, matches + 1);
      }
      left &= left - 1;
      share -= shares_[lowest];
    }
  }

  const Instance& instance_;
  std::size_t most_sets_;
  std::vector<double> ratings_, windows_;
  std::vector<int> sizes_;
  std::vector<Mask> mates_;
  std::vector<std::vector<FeasibleSet>> by_lowest_;
  std::vector<double> shares_;
  std::unordered_map<Mask, double> seen_;
  std::size_t sets_ = 0;
  std::size_t steps_ = 0;
  double best_ = 0;
  std::size_t best_matches_ = 0;
};

}  // namespace

std::optional<ExactAnswer> solve_exactly(const Instance& instance, std::size_t most_sets) {
  return Exact(instance, most_sets).solve();
}

std::vector<std::vector<TicketId>> feasible_sets(const Instance& instance) {
  std::vector<std::vector<TicketId>> all;
  Exact exact(instance, 1'000'000);
  for (const auto& sets : exact.collect_all()) {
    for (const auto& set : sets) {
      auto& ids = all.emplace_back();
      for (std::size_t i = 0; i < instance.tickets.size(); ++i) {
        if ((set.tickets >> i & 1U) != 0) ids.push_back(instance.tickets[i].id);
      }
      std::sort(ids.begin(), ids.end());
    }
  }
  return all;
}

}  // namespace mm::matching::testing
