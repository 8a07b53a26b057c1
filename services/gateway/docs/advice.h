// The advice for each error code, shown at GET /errors/{code}: what a client developer can do about the refusal.
#pragma once

#include <string_view>

#include "common/contracts/problem.h"

namespace mm::gateway::docs {

/// One or two sentences. Every code has advice; a static_assert checks this.
std::string_view advice(Code code);

}  // namespace mm::gateway::docs
