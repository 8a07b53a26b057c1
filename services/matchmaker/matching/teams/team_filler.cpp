#include "services/matchmaker/matching/teams/team_filler.h"

#include <algorithm>
#include <bit>

namespace mm::matching {
namespace {

std::size_t at(int size) { return static_cast<std::size_t>(size); }

/// The number of bits that hold 0 to `most`.
int width(int most) { return static_cast<int>(std::bit_width(static_cast<unsigned>(most))); }

}  // namespace

TeamFiller::TeamFiller(int teams, int team_size) : teams_(teams), team_size_(team_size), packs_(true) {
  max_.resize(at(team_size) + 1);
  shift_.resize(at(team_size) + 2);
  // The required size is in the lowest 7 bits, which hold up to 100.
  int shift = 7;
  for (int size = 1; size <= team_size; ++size) {
    max_[at(size)] = teams * (team_size / size);
    shift_[at(size)] = shift;
    shift += width(max_[at(size)]);
  }
  packs_ = shift < 64;
  remaining_.resize(at(team_size) + 1);
  distributed_.assign(at(teams), SizeCounts(at(team_size) + 1));
  if (packs_) answers_.resize(kFewAnswers);
}

bool TeamFiller::choose(const SizeCounts& available, int must, SizeCounts& chosen) {
  int players = 0;
  for (int size = 1; size <= team_size_; ++size) {
    const int count = std::min<int>(available[at(size)], max_[at(size)]);
    remaining_[at(size)] = static_cast<std::uint16_t>(count);
    players += count * size;
  }
  if (players < teams_ * team_size_ || (must > 0 && remaining_[at(must)] == 0)) return false;
  Answer* known = packs_ ? answer_of(pack(remaining_, must)) : nullptr;
  if (known != nullptr && known->question != kEmpty) {
    if (known->chosen == kNone) return false;
    unpack(known->chosen, chosen);
    return true;
  }
  const std::uint64_t question = packs_ ? pack(remaining_, must) : 0;
  const SizeCounts before = remaining_;
  for (auto& team : distributed_) std::fill(team.begin(), team.end(), std::uint16_t{0});
  steps_ = 0;
  const bool found = search(0, team_size_, team_size_, must);
  if (found) {
    chosen.assign(before.size(), 0);
    for (const auto& team : distributed_) {
      for (std::size_t size = 1; size < team.size(); ++size) {
        chosen[size] = static_cast<std::uint16_t>(chosen[size] + team[size]);
      }
    }
  }
  if (packs_) {
    *known = {question, found ? pack(chosen, 0) : kNone};
    if (++known_ * 2 > answers_.size()) grow();
  }
  return found;
}

bool TeamFiller::distribute(const SizeCounts& counts, std::vector<SizeCounts>& team_counts) {
  remaining_ = counts;
  for (auto& team : distributed_) std::fill(team.begin(), team.end(), std::uint16_t{0});
  steps_ = 0;
  if (!search(0, team_size_, team_size_, 0)) return false;
  team_counts = distributed_;
  return true;
}

// Fills team after team, each with sizes in falling order. The required size goes into team 0 first.
bool TeamFiller::search(int team, int room, int size, int must) {
  if (++steps_ > kMaxSteps) return false;
  if (room == 0) return team + 1 == teams_ || search(team + 1, team_size_, team_size_, 0);
  const int largest = must > 0 ? must : std::min(size, room);
  for (int next = largest; next >= 1; --next) {
    if (remaining_[at(next)] == 0) continue;
    --remaining_[at(next)];
    ++distributed_[at(team)][at(next)];
    if (search(team, room - next, must > 0 ? team_size_ : next, 0)) return true;
    ++remaining_[at(next)];
    --distributed_[at(team)][at(next)];
    if (must > 0) break;
  }
  return false;
}

std::uint64_t TeamFiller::pack(const SizeCounts& counts, int must) const {
  std::uint64_t packed = static_cast<std::uint64_t>(must);
  for (int size = 1; size <= team_size_; ++size) {
    packed |= static_cast<std::uint64_t>(counts[at(size)]) << shift_[at(size)];
  }
  return packed;
}

void TeamFiller::unpack(std::uint64_t packed, SizeCounts& counts) const {
  counts.resize(at(team_size_) + 1);
  for (int size = 1; size <= team_size_; ++size) {
    const std::uint64_t mask = (1ULL << width(max_[at(size)])) - 1;
    counts[at(size)] = static_cast<std::uint16_t>((packed >> shift_[at(size)]) & mask);
  }
}

TeamFiller::Answer* TeamFiller::answer_of(std::uint64_t question) {
  const std::size_t mask = answers_.size() - 1;
  std::size_t i = static_cast<std::size_t>((question * 0x9E37'79B9'7F4A'7C15ULL) >> 20) & mask;
  while (answers_[i].question != kEmpty && answers_[i].question != question) i = (i + 1) & mask;
  return &answers_[i];
}

void TeamFiller::grow() {
  const bool forget = answers_.size() >= kMaxAnswers;
  std::vector<Answer> old(forget ? kFewAnswers : answers_.size() * 2);
  old.swap(answers_);
  known_ = forget ? 0 : known_;
  if (forget) return;
  for (const Answer& answer : old) {
    if (answer.question != kEmpty) *answer_of(answer.question) = answer;
  }
}

}  // namespace mm::matching
