// Outbox: the transactional outbox. An event is written in the same transaction as its fact, and a relay thread
// publishes it to JetStream until it is confirmed. Table `<schema>.outbox` (db/migrations). Several relays may run
// (SKIP LOCKED).
//
// A row keeps the id of the nats-server that confirmed it. Rows younger than 15 minutes that another server confirmed
// are sent again with the same message id: JetStream may have lost them (it syncs to disk every two minutes) and drops
// those that it still has. Resending is limited to about 300 rows a second and waits for new rows, because usually
// nothing was lost. The newest rows are sent first, so consumers must accept events out of order. Sent rows are deleted
// after an hour. While NATS or PostgreSQL is not available, rows stay unsent and the relay retries with a growing
// pause.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/bus/bus.h"
#include "common/storage/postgres.h"

namespace mm::bus {

class Outbox {
 public:
  /// `schema`: the schema of the service, a literal. Metrics: mm_outbox_unsent, mm_outbox_oldest_unsent_seconds,
  /// mm_outbox_published_total, mm_outbox_publish_failures_total.
  Outbox(storage::Postgres& postgres, Bus& bus, std::string schema, metrics::Registry& metrics);
  /// Stops the relay thread when its current turn is finished, within 4 s. Unsent rows are sent after the next start.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  struct Event {
    std::string_view subject;
    std::string body;
    std::string message_id;  ///< the idempotency key: a second row with the same key is ignored
    trace::Context trace;
  };
  /// Adds events in the caller's transaction, with one statement. They are published in this order.
  void add(pqxx::work& tx, const std::vector<Event>& events);

  /// Call it after the commit: the relay then looks for rows immediately instead of at its next turn (every 200 ms).
  void wake();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::bus
