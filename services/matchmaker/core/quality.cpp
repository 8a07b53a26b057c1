#include "services/matchmaker/core/quality.h"

namespace mm::matchmaker {

double win_probability(double advantage) { return 0.5 * std::erfc(-advantage / std::numbers::sqrt2); }

}  // namespace mm::matchmaker
