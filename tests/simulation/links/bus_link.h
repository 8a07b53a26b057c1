// The private part of bus::Bus in the simulation, for the other files of this folder.
#pragma once

#include "common/bus/bus.h"
#include "tests/simulation/servers/servers.h"

namespace mm::bus {

struct Bus::Impl {
  simulation::Process& process;
};

}  // namespace mm::bus
