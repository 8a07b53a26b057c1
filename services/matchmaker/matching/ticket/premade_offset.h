// Computes what a mode adds to a party's rating: players of a party play better together than their ratings predict.
#pragma once

#include <algorithm>
#include <cstddef>

#include "common/contracts/modes.h"

namespace mm::matching {

/// The offset in points for a party of `party_size` players, at least 1.
inline double premade_offset(const ModeRules& rules, std::size_t party_size) {
  const auto& offsets = rules.premade_offset;
  return offsets.empty() ? 0 : offsets[std::min(party_size, offsets.size()) - 1];
}

}  // namespace mm::matching
