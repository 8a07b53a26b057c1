// Checks a daemon's secrets before anything else is started.
#pragma once

#include <optional>
#include <string>

#include "common/base/result.h"

namespace mm::runtime {

/// Checks every file of a credentials folder as `Credentials::read` does (permissions, strength of keys), and that no
/// two files contain the same secret. The error names the files, never their content.
Result<Done, std::string> check_all(const std::string& folder);

/// The reason why a private-key file must not be used (its group or others may read or write it), or empty.
std::optional<std::string> private_file_problem(const std::string& path);

}  // namespace mm::runtime
