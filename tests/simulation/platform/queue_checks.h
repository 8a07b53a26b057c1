// Invariants of the matchmaker's state in Redis, checked after every script that changes it. Written from
// common/protocol/README.md, independently of the scripts. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/platform/ledger.h"
#include "tests/simulation/servers/servers.h"

namespace mm::simulation {

/// What is known about the history of one ticket.
struct TicketHistory {
  std::string state;  ///< the last one: queued, matched, cancelled, timed_out
  std::string match;  ///< if matched
  std::string party;
  std::vector<std::string> players;
  int attempt = 0;
  Nanoseconds queued_at{0};      ///< when it was first queued
  Nanoseconds changed_at{0};     ///< when it entered its last state
  Nanoseconds spent_matched{0};  ///< in matches that were cancelled
  Milliseconds max_wait{0};
  Milliseconds clock_error{0};  ///< by which the ticket may time out too early
  bool reset = false;           ///< ended because the queue went back
  bool no_requeue = false;      ///< a cancellation was answered with already_matched
  bool undone = false;          ///< the queue went back since: its later states may have been lost
};

/// What is known about the history of one match.
struct MatchHistory {
  std::vector<std::string> tickets;
  std::vector<std::string> players;
  bool live = false;
  bool undone = false;  ///< the queue went back since, or was given the match again
};

class QueueChecks {
 public:
  QueueChecks(Servers& servers, const Ledger& ledger) : servers_(servers), ledger_(ledger) {}

  /// Throws Violation.
  void after(const storage::RedisCommand& command, const storage::RedisReply& reply);
  /// Redis's clock jumped while the partitions of the tickets may have had no owner, who would have noticed.
  void clock_jumped(Milliseconds by);
  /// The queue has an older state, or nothing. What is known about tickets and matches may be undone; epochs are not.
  void went_back();

  const std::map<std::string, TicketHistory>& tickets() const { return tickets_; }
  const std::map<std::string, MatchHistory>& matches() const { return matches_; }

 private:
  void check_verified() const;
  void check_epoch(const std::string& token);
  void check_lease(const storage::RedisCommand& commit);
  void check_repeated_commit(const storage::Arguments& arguments, bool committed);
  void read_matches();
  void read_tickets();
  void follow(const std::string& id, const Hash& fields, const std::string& script);
  void requeued(const std::string& id, const TicketHistory& ticket);
  void timed_out(const std::string& id, const TicketHistory& ticket);
  void check_claims();
  void check_queued(const std::string& id, const Hash& fields, const Hash& claims);

  Servers& servers_;
  const Ledger& ledger_;
  std::string script_;
  std::map<std::string, TicketHistory> tickets_;
  std::map<std::string, MatchHistory> matches_;
  std::set<std::string> ended_matches_;  ///< whose end was applied to the present queue
  std::set<std::int64_t> epochs_taken_;  ///< in the present queue
  /// The match of each commit in the present queue, by the token of the lease, and the tickets with their attempts.
  std::map<std::vector<std::string>, std::string> commits_;
  std::set<std::string> refused_commits_;
  struct HighestEpoch {
    std::int64_t epoch = 0;
    std::int64_t generation = 0;
    int losses = 0;  ///< that had happened before it
  };
  std::map<std::string, HighestEpoch> epochs_;  ///< of the last commit, by partition
};

}  // namespace mm::simulation
