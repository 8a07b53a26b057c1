// Can parties of these sizes fill all teams exactly, and which of them should? A question about counts by size only.
// Answers are remembered: a tick asks the same few questions many times.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mm::matchmaker {

/// How many tickets of each size; [0] is unused, [team_size] the last.
using SizeCounts = std::vector<std::uint16_t>;

class Fill {
 public:
  Fill(int teams, int team_size);

  /// No more than so many tickets of one size ever find room.
  int most_of(int size) const { return most_[static_cast<std::size_t>(size)]; }

  /// Chooses from `available` what fills every team, at least one ticket of size `must` among it (0: no such wish).
  /// Large parties first: small ones fit elsewhere too. False if nothing does, or if looking for it takes more than
  /// kMostSteps (teams beyond any real game).
  bool choose(const SizeCounts& available, int must, SizeCounts& chosen);

  /// Deals counts that fill the teams exactly out to them.
  bool deal(const SizeCounts& counts, std::vector<SizeCounts>& team_counts);

 private:
  static constexpr int kMostSteps = 20'000;
  static constexpr std::size_t kFewAnswers = 64;
  static constexpr std::size_t kMostAnswers = 1 << 16;
  static constexpr std::uint64_t kEmpty = ~0ULL;
  static constexpr std::uint64_t kNone = ~0ULL;

  struct Answer {
    std::uint64_t question = kEmpty;
    std::uint64_t chosen = kNone;
  };

  bool search(int team, int room, int size, int must);
  std::uint64_t pack(const SizeCounts& counts, int must) const;
  void unpack(std::uint64_t packed, SizeCounts& counts) const;
  Answer* answer_of(std::uint64_t question);
  void grow();

  int teams_;
  int team_size_;
  std::vector<int> most_;
  std::vector<int> shift_;  ///< where a size's count stands in a packed question
  bool packs_;              ///< a question fits 64 bits

  std::vector<Answer> answers_;
  std::size_t known_ = 0;

  SizeCounts left_;
  std::vector<SizeCounts> dealt_;
  int steps_ = 0;
};

}  // namespace mm::matchmaker
