#include "services/matchmaker/matching/search/packing.h"

#include <algorithm>
#include <bit>

#include "common/base/result.h"

namespace mm::matching {
namespace {

std::size_t lowest_bit(std::uint32_t mask) { return static_cast<std::size_t>(std::countr_zero(mask)); }
std::uint32_t bit(std::size_t i) { return 1U << i; }
std::uint32_t bits_above(std::size_t i) { return ~((bit(i) << 1) - 1); }

}  // namespace

Packing::Packing(const Format& format, const Candidates& candidates, MatchEvaluator& evaluator)
    : format_(format), candidates_(candidates), evaluator_(evaluator), seen_(kSeen) {}

bool Packing::solve(std::span<const Index> tickets, double at_least, std::vector<Found>& found) {
  check(tickets.size() <= kMaxTickets, "a neighbourhood fits a mask");
  tickets_.assign(tickets.begin(), tickets.end());
  find_mates();
  count_players();
  propose_all();
  set_shares();
  best_ = at_least;
  branches_ = 0;
  max_branches_ = static_cast<int>(std::min<std::uint64_t>(kBranches, max_steps_ - std::min(steps_, max_steps_)));
  path_.clear();
  best_path_.clear();
  if (++round_ == 0) {
    seen_.assign(kSeen, {});
    round_ = 1;
  }
  double share = 0;
  int players = 0;
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    share += shares_[i];
    players += sizes_[i];
  }
  search(tickets.empty() ? 0 : static_cast<Mask>((std::uint64_t{1} << tickets.size()) - 1), 0, share, players);
  steps_ += static_cast<std::uint64_t>(branches_);
  found.clear();
  for (const Proposal* proposal : best_path_) {
    Found& match = found.emplace_back(Found{{}, proposal->utility});
    for (Mask rest = proposal->tickets; rest != 0; rest &= rest - 1)
      match.tickets.push_back(tickets_[lowest_bit(rest)]);
  }
  return !found.empty();
}

void Packing::find_mates() {
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    const Candidate& a = candidates_[tickets_[i]];
    sizes_[i] = a.size;
    mates_[i] = 0;
    for (std::size_t j = 0; j < tickets_.size(); ++j) {
      const Candidate& b = candidates_[tickets_[j]];
      const bool accept = b.rating <= a.high && b.rating >= a.low && a.rating <= b.high && a.rating >= b.low;
      if (accept && i != j) mates_[i] |= bit(j);
    }
  }
}

void Packing::propose_all() {
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    proposals_[i].clear();
    sets_[i].clear();
    if (gave_up()) continue;
    propose(static_cast<int>(i));
    std::sort(proposals_[i].begin(), proposals_[i].end(), [](const Proposal& a, const Proposal& b) {
      return a.total != b.total ? a.total > b.total : a.tickets < b.tickets;
    });
    for (const Proposal& proposal : proposals_[i]) sets_[i].push_back(proposal.tickets);
  }
}

void Packing::propose(int lowest) {
  lowest_ = lowest;
  const auto allowed_steps = static_cast<int>(std::min<std::uint64_t>(kStepsPerTicket, max_steps_ - steps_));
  steps_left_ = allowed_steps;
  const auto i = static_cast<std::size_t>(lowest);
  const Mask allowed = mates_[i] & bits_above(i);
  for (int skips = 0; skips <= std::popcount(allowed); ++skips) {
    extend({bit(i), allowed, sizes_[i], skips});
    if (steps_left_ <= 0 || proposals_[i].size() >= kProposalsPerTicket) break;
  }
  steps_ += static_cast<std::uint64_t>(allowed_steps - steps_left_);
}

// Takes or skips the allowed tickets one by one, so that exactly `skips` of the tickets that fit are skipped.
void Packing::extend(const Partial& partial) {
  if (partial.players == format_.players) {
    if (partial.skips == 0) add_proposal(partial.chosen);
    return;
  }
  if (--steps_left_ <= 0 || partial.players + players_in(partial.allowed) < format_.players) return;
  int skips = partial.skips;
  for (Mask rest = partial.allowed; rest != 0; rest &= rest - 1) {
    const std::size_t i = lowest_bit(rest);
    if (partial.players + sizes_[i] > format_.players) continue;
    extend({partial.chosen | bit(i), rest & bits_above(i) & mates_[i], partial.players + sizes_[i], skips});
    if (--skips < 0 || proposals_[static_cast<std::size_t>(lowest_)].size() >= kProposalsPerTicket) return;
  }
}

void Packing::add_proposal(Mask chosen) {
  set_.clear();
  for (Mask rest = chosen; rest != 0; rest &= rest - 1) set_.push_back(tickets_[lowest_bit(rest)]);
  steps_left_ -= static_cast<int>(set_.size());
  if (const auto utility = evaluator_.utility(set_)) {
    proposals_[static_cast<std::size_t>(lowest_)].push_back({chosen, *utility, utility->total(), 0});
  }
}

void Packing::count_players() {
  for (std::size_t part = 0; part < players_.size(); ++part) {
    auto& players = players_[part];
    for (std::size_t i = 0; i < kNeighbours; ++i) {
      const std::size_t ticket = part * kNeighbours + i;
      const int size = ticket < tickets_.size() ? sizes_[ticket] : 0;
      for (std::size_t set = 0; set < std::size_t{1} << i; ++set) {
        players[set | std::size_t{1} << i] = static_cast<std::uint16_t>(players[set] + size);
      }
    }
  }
}

int Packing::players_in(Mask mask) const {
  constexpr Mask kPart = (Mask{1} << kNeighbours) - 1;
  return players_[0][mask & kPart] + players_[1][mask >> kNeighbours & kPart] +
         players_[2][mask >> 2 * kNeighbours & kPart] + players_[3][mask >> 3 * kNeighbours & kPart];
}

void Packing::set_shares() {
  shares_.fill(0);
  top_utility_ = 0;
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    for (const Proposal& proposal : proposals_[i]) {
      top_utility_ = std::max(top_utility_, proposal.total);
      for (Mask rest = proposal.tickets; rest != 0; rest &= rest - 1) {
        const std::size_t member = lowest_bit(rest);
        shares_[member] = std::max(shares_[member], proposal.total * sizes_[member] / format_.players);
      }
    }
  }
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    for (Proposal& proposal : proposals_[i]) {
      for (Mask rest = proposal.tickets; rest != 0; rest &= rest - 1) proposal.share += shares_[lowest_bit(rest)];
    }
  }
}

// The tickets in `left` have `players` players and can add at most `share` to `value`.
void Packing::search(Mask left, double value, double share, int players) {
  if (value > best_ + 1e-9) {
    best_ = value;
    best_path_ = path_;
  }
  while (left != 0) {
    const double by_players = players / format_.players * top_utility_;
    if (value + std::min(share, by_players) <= best_ * kMinGainFactor + 1e-9) return;
    const std::size_t lowest = lowest_bit(left);
    const std::vector<Mask>& sets = sets_[lowest];
    branches_ += 1 + static_cast<int>(sets.size() / kComparisonsPerStep);
    if (branches_ > max_branches_ || seen_better(left, value)) return;
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if ((sets[i] & ~left) != 0) continue;
      const Proposal& proposal = proposals_[lowest][i];
      path_.push_back(&proposal);
      search(left & ~proposal.tickets, value + proposal.total, share - proposal.share, players - format_.players);
      path_.pop_back();
    }
    left &= ~bit(lowest);
    share -= shares_[lowest];
    players -= sizes_[lowest];
  }
}

// Whether the same tickets were left before with at least the same value. Stores the better of both. A hash collision
// overwrites an entry, which only costs time.
bool Packing::seen_better(Mask left, double value) {
  Seen& seen = seen_[(left * 0x9E37'79B9U) >> 20];
  if (seen.round == round_ && seen.left == left && seen.value >= value - 1e-12) return true;
  seen = {left, round_, value};
  return false;
}

}  // namespace mm::matching
