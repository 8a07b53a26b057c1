#include "services/simulator/policies/holding.h"

#include <cmath>

#include "services/matchmaker/matching/rules/quality.h"

namespace mm::simulator {
namespace {

constexpr double kLongestShare = 0.125;  // of the widening time

}  // namespace

int Arrivals::bin_of(double rating) { return static_cast<int>(std::floor(rating / kBin)); }

void Arrivals::note(matching::BucketMs at, double rating) {
  seen_.emplace_back(at, bin_of(rating));
  ++counts_[seen_.back().second];
}

void Arrivals::forget_before(matching::BucketMs at) {
  for (; !seen_.empty() && seen_.front().first < at; seen_.pop_front()) --counts_[seen_.front().second];
}

double Arrivals::density(double rating, matching::BucketMs now) {
  forget_before(now - kRemembered);
  const int first_bin = bin_of(rating - kBin * (kAround / 2) + kBin / 2);
  int near = 0;
  for (int bin = first_bin; bin < first_bin + kAround; ++bin) {
    const auto found = counts_.find(bin);
    if (found != counts_.end()) near += found->second;
  }
  return near / (kBin * kAround) / (static_cast<double>(kRemembered) / 1000);
}

double gain_per_second(const Prospect& prospect, double density) {
  const double k = prospect.tickets;
  if (k < 2) return 0;
  return density * prospect.spread * (k + 1) / (k * (k - 1)) * (1 - prospect.quality);
}

double cost_per_second(const ModeRules& rules) { return matching::kWaitWeight / rules.widen_seconds; }

bool worth_holding(const Prospect& prospect, const ModeRules& rules, double density) {
  if (!rules.use_rating) return false;
  const double longest_ms = rules.widen_seconds * 1000 * kLongestShare;
  if (static_cast<double>(prospect.waited_ms) >= longest_ms) return false;
  return gain_per_second(prospect, density) > cost_per_second(rules);
}

}  // namespace mm::simulator
