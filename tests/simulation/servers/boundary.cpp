#include "tests/simulation/servers/boundary.h"

#include <utility>

#include "tests/simulation/engine/simulator.h"

namespace mm::simulation {
namespace {

BoundaryHook& the_hook() {
  static BoundaryHook hook;
  return hook;
}

}  // namespace

void set_boundary_hook(BoundaryHook hook) { the_hook() = std::move(hook); }

void at_boundary(std::string_view call) {
  if (!the_hook()) return;
  the_hook()(call);
  auto& simulator = *Simulator::current();
  const auto& process = simulator.process();
  if (process.paused || !process.alive) simulator.sleep(Nanoseconds{0});
}

}  // namespace mm::simulation
