// Reads the mode table at the start of a daemon: from MM_MODES_FILE, or the shipped table.
#pragma once

#include <string>

#include "common/contracts/modes.h"

namespace mm::runtime {

class SettingsCheck;

/// Returns the shipped table if `file` is empty. If the file is not valid, logs the errors and ends the process with
/// status 78.
ModeTable modes_at_start(const std::string& file);

/// Checks that MM_MODES_FILE can be read and is valid.
void check_modes_file(const std::string& file, SettingsCheck& check);

}  // namespace mm::runtime
