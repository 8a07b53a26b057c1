#include "tests/simulation/links/simulated_modes.h"

namespace mm::simulation {

ModeTable simulated_modes() {
  ModeRules duel;
  duel.id = *Mode::parse("duel");
  duel.team_sizes = {1};
  duel.initial_window = 300;
  duel.max_window = 2'000;
  duel.widen_seconds = 5;
  duel.max_wait_seconds = 20;
  auto pairs = duel;
  pairs.id = *Mode::parse("pairs");
  pairs.team_sizes = {2};
  pairs.max_wait_seconds = 30;
  return ModeTable({duel, pairs});
}

}  // namespace mm::simulation
