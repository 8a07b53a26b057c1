// Reads the files of `history/`.
#pragma once

#include "tests/chaos/checker/input/lines.h"

namespace mm::chaos {

std::optional<ReadError> read_history(Run& run);

}  // namespace mm::chaos
