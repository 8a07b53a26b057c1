// Reads the files of `dump/`: tables of PostgreSQL, keys of the Redis "queue", streams of JetStream. A file that is not
// there is a table that was not dumped; a file that cannot be read is an error.
#pragma once

#include "tests/chaos/checker/input/lines.h"

namespace mm::chaos {

std::optional<ReadError> read_tables(Run& run);
std::optional<ReadError> read_queue(Run& run);
std::optional<ReadError> read_streams(Run& run);

}  // namespace mm::chaos
