// Decides whether parties of given sizes can fill all teams exactly, and which of them to choose. Only the counts by
// size matter. Answers are cached, because a tick asks the same few questions many times.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mm::matching {

/// The number of tickets of each size; [0] is unused, [team_size] is the last.
using SizeCounts = std::vector<std::uint16_t>;

class TeamFiller {
 public:
  TeamFiller(int teams, int team_size);

  /// The largest number of tickets of this size that fits all teams together.
  int max_of(int size) const { return max_[static_cast<std::size_t>(size)]; }

  /// Chooses from `available` the counts that fill every team, with at least one ticket of size `must` (0: no
  /// condition). Prefers large parties, because small ones fit elsewhere more easily. False if nothing fits, or if the
  /// search takes more than kMaxSteps (only with teams larger than in any real game).
  bool choose(const SizeCounts& available, int must, SizeCounts& chosen);

  /// Distributes counts that fill the teams exactly: `team_counts` receives those of each team. False if they do not
  /// fit.
  bool distribute(const SizeCounts& counts, std::vector<SizeCounts>& team_counts);

 private:
  static constexpr int kMaxSteps = 20'000;
  static constexpr std::size_t kFewAnswers = 64;
  static constexpr std::size_t kMaxAnswers = 1 << 16;
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
  std::vector<int> max_;
  std::vector<int> shift_;  ///< bit position of a size's count in a packed question
  bool packs_;              ///< true if a question fits 64 bits

  std::vector<Answer> answers_;
  std::size_t known_ = 0;

  SizeCounts remaining_;
  std::vector<SizeCounts> distributed_;
  int steps_ = 0;
};

}  // namespace mm::matching
