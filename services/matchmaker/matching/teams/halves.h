// Lists the ways in which tickets of given sizes form two full teams. The answer depends only on the sizes in their
// order, so it is cached: parties of up to five have a few hundred orders of sizes, and a tick has thousands of
// matches.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "services/matchmaker/matching/teams/unit.h"

namespace mm::matching {

class Halves {
 public:
  struct Half {
    std::uint32_t members;  ///< bit mask over the tickets; the first ticket is always in it
    std::int32_t premades;  ///< difference of the teams' sums of squared sizes: 5 weighs more than 3 + 2
  };

  explicit Halves(int team_size);

  /// Every set of tickets that contains the first one and has exactly team_size players, sets with early tickets first.
  /// Valid until the next call. At most 32 tickets.
  std::span<const Half> of(std::span<const Unit> units);

 private:
  static constexpr std::size_t kFewAnswers = 64;
  static constexpr std::size_t kMaxHalves = 1 << 16;  ///< cached; 512 KiB
  static constexpr std::uint64_t kEmpty = 0;          ///< never a valid question: each size is at least 1

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
  int width_;  ///< bits per size in a packed question
  std::vector<Half> halves_;
  std::vector<Answer> answers_;
  std::size_t known_ = 0;
};

}  // namespace mm::matching
