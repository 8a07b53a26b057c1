// The random numbers of a run, all from one seed.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace mm::chaos {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// 0 to 1, without 1.
  double fraction() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  bool chance(double probability) { return fraction() < probability; }
  /// 0 to `count` - 1.
  std::size_t below(std::size_t count) {
    check(count > 0, "a random choice of nothing");
    return static_cast<std::size_t>(engine_() % count);
  }
  template <class T>
  const T& of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  /// 32 hex digits.
  std::string hex() {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (int word = 0; word < 2; ++word) {
      auto bits = engine_();
      for (int i = 0; i < 16; ++i, bits >>= 4) out += kDigits[bits & 15];
    }
    return out;
  }

 private:
  std::mt19937_64 engine_;
};

/// Actions with weights, of which one is drawn.
class Choice {
 public:
  void add(double weight, std::function<void()> action) {
    total_ += weight;
    actions_.push_back({weight, std::move(action)});
  }
  /// Runs one action, with a probability in proportion to its weight. False if there is none.
  bool run(Random& random) {
    auto at = random.fraction() * total_;
    for (auto& [weight, action] : actions_) {
      if ((at -= weight) < 0) return action(), true;
    }
    return false;
  }

 private:
  struct Entry {
    double weight;
    std::function<void()> action;
  };
  std::vector<Entry> actions_;
  double total_ = 0;
};

}  // namespace mm::chaos
