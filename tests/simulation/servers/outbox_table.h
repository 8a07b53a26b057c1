// A simulated outbox table (db/migrations): events with a unique message id, and the nats-server that confirmed each.
// Not thread-safe.
#pragma once

#include <deque>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "tests/simulation/engine/simulator.h"

namespace mm::simulation {

struct OutboxRow {
  std::string subject;
  std::string body;
  std::string message_id;
  std::string sent_under;  ///< empty: not sent
  TimePoint created_at;
  const Process* locked_by = nullptr;  ///< a relay whose transaction has locked the row; a killed process locks nothing
};

class OutboxTable {
 public:
  /// Ignores an event whose message id is in the table.
  void add(OutboxRow row) {
    if (ids_.insert(row.message_id).second) rows_.push_back(std::move(row));
  }
  std::deque<OutboxRow>& rows() { return rows_; }
  const std::deque<OutboxRow>& rows() const { return rows_; }

 private:
  std::deque<OutboxRow> rows_;  // in the order of their ids; a deque, because relays keep pointers to rows
  std::set<std::string> ids_;
};

}  // namespace mm::simulation
