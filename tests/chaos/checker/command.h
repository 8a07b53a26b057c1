// The command `mm-check RUN [--json FILE]`.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace mm::chaos {

/// Returns the exit status: 0 nothing is violated, 1 something is, 2 the run cannot be read or the arguments are wrong.
int check_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& errors);

}  // namespace mm::chaos
