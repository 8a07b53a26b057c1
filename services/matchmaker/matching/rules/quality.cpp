#include "services/matchmaker/matching/rules/quality.h"

namespace mm::matching {

double win_probability(double advantage) { return 0.5 * std::erfc(-advantage / std::numbers::sqrt2); }

}  // namespace mm::matching
