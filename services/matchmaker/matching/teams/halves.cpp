#include "services/matchmaker/matching/teams/halves.h"

#include <bit>
#include <cstdlib>

namespace mm::matching {

Halves::Halves(int team_size)
    : team_size_(team_size), width_(static_cast<int>(std::bit_width(static_cast<unsigned>(team_size)))) {
  answers_.resize(kFewAnswers);
}

std::span<const Halves::Half> Halves::of(std::span<const Unit> units) {
  const std::uint64_t question = question_of(units);
  if (question != kEmpty) {
    const Answer& known = answer_of(question);
    if (known.question == question) return {halves_.data() + known.first, known.count};
  }
  if (question == kEmpty || halves_.size() > kMaxHalves) forget();
  const std::size_t first = halves_.size();
  enumerate(units, 1, 1, units[0].size);
  std::int32_t all = 0;
  for (const Unit& unit : units) all += unit.size * unit.size;
  for (std::size_t i = first; i < halves_.size(); ++i) {
    std::int32_t own = 0;
    for (std::uint32_t rest = halves_[i].members; rest != 0; rest &= rest - 1) {
      const int size = units[static_cast<std::size_t>(std::countr_zero(rest))].size;
      own += size * size;
    }
    halves_[i].premades = std::abs(2 * own - all);
  }
  const std::size_t count = halves_.size() - first;
  if (question != kEmpty) {
    answer_of(question) = {question, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(count)};
    if (++known_ * 2 > answers_.size()) grow();
  }
  return {halves_.data() + first, count};
}

// The sizes, packed into one number; kEmpty if they do not fit.
std::uint64_t Halves::question_of(std::span<const Unit> units) const {
  if (units.size() * static_cast<std::size_t>(width_) > 64) return kEmpty;
  std::uint64_t question = 0;
  for (const Unit& unit : units) question = question << width_ | static_cast<std::uint64_t>(unit.size);
  return question;
}

Halves::Answer& Halves::answer_of(std::uint64_t question) {
  const std::size_t mask = answers_.size() - 1;
  std::size_t i = static_cast<std::size_t>((question * 0x9E37'79B9'7F4A'7C15ULL) >> 32) & mask;
  while (answers_[i].question != kEmpty && answers_[i].question != question) i = (i + 1) & mask;
  return answers_[i];
}

void Halves::grow() {
  std::vector<Answer> old(answers_.size() * 2);
  old.swap(answers_);
  for (const Answer& answer : old) {
    if (answer.question != kEmpty) answer_of(answer.question) = answer;
  }
}

void Halves::forget() {
  halves_.clear();
  answers_.assign(kFewAnswers, {});
  known_ = 0;
}

void Halves::enumerate(std::span<const Unit> units, std::size_t next, std::uint32_t members, int players) {
  if (players == team_size_) return halves_.push_back({members, 0});
  for (std::size_t i = next; i < units.size(); ++i) {
    if (players + units[i].size > team_size_) continue;
    enumerate(units, i + 1, members | 1U << i, players + units[i].size);
  }
}

}  // namespace mm::matching
