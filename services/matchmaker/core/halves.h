// The ways in which tickets of certain sizes make two full teams, as an answer that depends on the sizes alone, in
// their order, and so is remembered: parties of up to five have a few hundred orders of sizes, a tick has thousands of
// matches.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "services/matchmaker/core/unit.h"

namespace mm::matchmaker {

class Halves {
 public:
  struct Half {
    std::uint32_t members;  ///< by ticket, as a bit mask; the first one is always in it
    std::int32_t premades;  ///< difference of both teams' sums of squared sizes: one party of 5 weighs more than 3 + 2
  };

  explicit Halves(int team_size);

  /// Every set of tickets that holds the first one and exactly team_size players, those with early tickets first. Good
  /// until the next call. At most 32 tickets.
  std::span<const Half> of(std::span<const Unit> units);

 private:
  static constexpr std::size_t kFewAnswers = 64;
  static constexpr std::size_t kMostHalves = 1 << 16;  ///< remembered; 512 KiB
  static constexpr std::uint64_t kEmpty = 0;           ///< no order of sizes: each is at least 1

  struct Answer {
    std::uint64_t question = kEmpty;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };

  std::uint64_t question_of(std::span<const Unit> units) const;
  Answer& answer_of(std::uint64_t question);
  void grow();
  void forget();
  void enumerate(std::span<const Unit> units, std::size_t next, std::uint32_t members, int players);

  int team_size_;
  int width_;  ///< bits that hold a size
  std::vector<Half> halves_;
  std::vector<Answer> answers_;
  std::size_t known_ = 0;
};

}  // namespace mm::matchmaker
