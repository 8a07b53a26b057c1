// What is checked of a daemon's secrets before anything else starts.
#pragma once

#include <optional>
#include <string>

#include "common/base/result.h"

namespace mm::runtime {

/// Every file of a folder of credentials as `Credentials::read` takes it (random, its owner's alone), and no secret in
/// two of them. The error names the files, never what is in them.
Result<Done, std::string> check_all(const std::string& folder);

/// Why a file with a private key must not be used, if so: its group or others may read or write it.
std::optional<std::string> objection_to_private_file(const std::string& path);

}  // namespace mm::runtime
