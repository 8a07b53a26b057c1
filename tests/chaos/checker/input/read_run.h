// Reads a run's folder.
#pragma once

#include <string>

#include "tests/chaos/checker/input/lines.h"

namespace mm::chaos {

/// Reads everything that README.md describes, and joins it. The error names file, line and field.
Result<Run, ReadError> read_run(const std::string& folder);

}  // namespace mm::chaos
