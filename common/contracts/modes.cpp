#include "common/contracts/modes.h"

#include <algorithm>

namespace mm {

bool ModeRules::has_team_size(int size) const {
  return std::find(team_sizes.begin(), team_sizes.end(), size) != team_sizes.end();
}

int ModeRules::team_size_or_default(std::optional<int> asked) const {
  if (asked) return *asked;
  if (default_team_size) return *default_team_size;
  return *std::max_element(team_sizes.begin(), team_sizes.end());
}

const ModeRules* ModeTable::find(const Mode& mode) const {
  for (const auto& rules : modes_) {
    if (rules.id == mode) return &rules;
  }
  return nullptr;
}

}  // namespace mm
