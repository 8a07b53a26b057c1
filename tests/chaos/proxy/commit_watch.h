// Finds the commits in the bytes that a client sends to PostgreSQL (protocol 3.0, without TLS): a query whose text ends
// with COMMIT, or the execution of a prepared statement COMMIT up to its Sync. Not thread-safe.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace mm::chaos {

class CommitWatch {
 public:
  /// Reads the next bytes of the connection. Returns the number of commits whose last byte is among them.
  int feed(std::string_view bytes);

 private:
  bool take_one();
  bool take_startup();
  void read_message(char type, std::string_view body);

  std::string pending_;
  std::size_t read_ = 0;              // bytes of pending_ that are already examined
  std::uint64_t skip_ = 0;            // bytes of a large message that still follow
  bool started_ = false;              // the startup packet, which has no type, has passed
  int commits_ = 0;                   // found by the present call of feed
  bool executed_ = false;             // a commit was executed and waits for its Sync
  std::set<std::string> statements_;  // names of the prepared statements that commit
  std::set<std::string> portals_;     // names of the portals that commit
};

/// True for COMMIT or END alone or as the last statement, in any case, with spaces and semicolons behind it.
bool ends_with_commit(std::string_view sql);

}  // namespace mm::chaos
