// The command `mm-dead-letters`, with which an operator lists, reads, retries and discards dead letters. It needs the
// addresses of `make env`, and the rights of the operator in PostgreSQL and NATS.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mm::leaderboard::dead_letters {

struct Addresses {
  std::string postgres_url;  ///< with user and password
  std::string nats_url;      ///< with user and password; used by retries only
};

/// Called with each piece of the output, in order.
using Print = std::function<void(std::string_view text)>;

/// The exit status: 0 all done; 1 there is no such unresolved letter, or a retry failed; 64 wrong words; 69 a server is
/// not available. `words`: list | show ID | body ID | retry ID | retry all | discard ID | discard all.
int run_command(const std::vector<std::string_view>& words, const Addresses& addresses, const Print& print);

}  // namespace mm::leaderboard::dead_letters
