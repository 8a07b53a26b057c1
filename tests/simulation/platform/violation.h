// An invariant that does not hold.
#pragma once

#include <stdexcept>
#include <string>

namespace mm::simulation {

struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace mm::simulation
