// Reads the mode table: a TOML file with one [[mode]] per mode (common/contracts/modes.h). toml++ lives behind this
// header.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/contracts/modes.h"

namespace mm::wire {

/// Each with line, column and, for an unknown key, the nearest known name:
/// "modes.toml:12:1: unknown key max_windw; did you mean max_window?"
struct ModeTableError {
  std::vector<std::string> problems;
};

Result<ModeTable, ModeTableError> parse_mode_table(std::string_view toml, const std::string& file_name);
Result<ModeTable, ModeTableError> load_mode_table(const std::string& path);

/// From 1, as editors count.
struct Place {
  unsigned line = 1;
  unsigned column = 1;
};

/// A mode, and where in the file its table begins and each key's value that is written there.
struct LocatedMode {
  ModeRules rules;
  Place place;
  std::map<std::string, Place, std::less<>> keys;
};

/// As parse_mode_table, for who has more to say about a valid table.
Result<std::vector<LocatedMode>, ModeTableError> parse_located_modes(std::string_view toml,
                                                                     const std::string& file_name);

/// `ranked`, `casual`, `duel`: what is shipped, and used when MM_MODES_FILE is not set.
const ModeTable& shipped_mode_table();

}  // namespace mm::wire
