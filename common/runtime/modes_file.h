// The mode table that a daemon starts with: MM_MODES_FILE, or the shipped one.
#pragma once

#include <string>

#include "common/contracts/modes.h"

namespace mm::runtime {

class SettingsCheck;

/// The shipped table if `file` is empty. One that is not valid ends the process with status 78, its mistakes logged.
ModeTable modes_at_start(const std::string& file);

/// MM_MODES_FILE can be read and is valid.
void check_modes_file(const std::string& file, SettingsCheck& check);

}  // namespace mm::runtime
