// GET /errors/{code}: what the engineer of a client does about a refusal.
#pragma once

#include <string_view>

#include "common/contracts/problem.h"

namespace mm::gateway::docs {

/// One or two sentences. Every code has some: a new one does not compile without.
std::string_view advice(Code code);

}  // namespace mm::gateway::docs
