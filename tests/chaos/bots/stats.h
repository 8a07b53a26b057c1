// What the bots print about a run: operations by outcome, latencies, and how matches were formed. The history has all
// of this in detail; the figures here are only for people.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/base/clock.h"
#include "tests/chaos/bots/history.h"

namespace mm::chaos {

class Stats {
 public:
  explicit Stats(SteadyPoint began) : began_(began) {}

  /// An attempt that has ended after `took`. `code`: of the problem, empty if there is none.
  void record(std::string_view op, Phase phase, std::string_view code, Milliseconds took);
  /// A player was told about a match. Only the first player of a match counts.
  void match_found(const std::string& match, SteadyPoint now);
  /// From now on no new matches are expected.
  void load_ended(SteadyPoint now);

  std::int64_t attempts() const { return attempts_; }  ///< without opened sockets, as unknown()
  std::int64_t unknown() const { return unknown_; }
  std::size_t matches() const { return matches_.size(); }
  /// The table for the end of a run.
  std::string summary() const;

 private:
  struct OfOp {
    std::map<Phase, std::int64_t> by_phase;
    std::map<std::string, std::int64_t, std::less<>> by_code;
    std::vector<std::uint32_t> took_ms;
  };
  void look_at_gap(SteadyPoint now);

  const SteadyPoint began_;
  std::map<std::string, OfOp, std::less<>> ops_;
  std::int64_t attempts_ = 0;
  std::int64_t unknown_ = 0;
  std::unordered_set<std::string> matches_;
  SteadyPoint last_match_;
  bool loaded_ = true;
  Milliseconds longest_gap_{0};
  SteadyPoint longest_gap_began_;
};

}  // namespace mm::chaos
