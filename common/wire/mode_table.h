// Reads the mode table: a TOML file with one [[mode]] per mode (common/contracts/modes.h). Only this component uses
// toml++.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/contracts/modes.h"

namespace mm::wire {

/// All errors of a file, each with line and column and, for an unknown key, the nearest known key:
/// "modes.toml:12:1: unknown key max_windw; did you mean max_window?"
struct ModeTableError {
  std::vector<std::string> problems;
};

Result<ModeTable, ModeTableError> parse_mode_table(std::string_view toml, const std::string& file_name);
Result<ModeTable, ModeTableError> load_mode_table(const std::string& path);

/// A position in the file. Line and column count from 1.
struct Place {
  unsigned line = 1;
  unsigned column = 1;
};

/// A mode with the position of its table and of the value of each key that the file contains.
struct LocatedMode {
  ModeRules rules;
  Place place;
  std::map<std::string, Place, std::less<>> keys;
};

/// The same as parse_mode_table, for callers that check more than validity and need the positions.
Result<std::vector<LocatedMode>, ModeTableError> parse_located_modes(std::string_view toml,
                                                                     const std::string& file_name);

/// The table that is compiled in (`ranked`, `casual`, `duel`). It is used when MM_MODES_FILE is not set.
const ModeTable& shipped_mode_table();

}  // namespace mm::wire
