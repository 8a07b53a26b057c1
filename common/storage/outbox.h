// The transactional outbox: an event is written in the transaction of its fact, and a relay thread publishes it to
// JetStream until it is confirmed. Table `<schema>.outbox` (db/migrations). Several relays may run (SKIP LOCKED).
//
// A row keeps the id of the nats-server that confirmed it. Rows younger than 15 minutes confirmed by another server
// are sent again under the same message id: JetStream may have lost them (it syncs to disk every two minutes), and drops
// those that it has. Resending is limited to about 300 rows a second and waits for new rows, because usually nothing was
// lost. It goes from the newest batch of 100 rows to the oldest, so consumers must accept events out of order. Rows
// older than an hour that were sent are deleted. While NATS or PostgreSQL is away the rows wait, and the relay tries
// again with a growing pause.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/bus/bus.h"
#include "common/storage/postgres.h"

namespace mm::storage {

class Outbox {
 public:
  /// `schema`: the service's own, a literal. Metrics: mm_outbox_unsent, mm_outbox_oldest_unsent_seconds,
  /// mm_outbox_published_total, mm_outbox_publish_failures_total.
  Outbox(Postgres& postgres, bus::Bus& bus, std::string schema, metrics::Registry& metrics);
  /// Ends the relay after what it does now: within 4 s. Rows that were not sent stay for the next start.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Within the caller's transaction. `message_id`: the idempotency key; a second row with it is ignored. The event
  /// carries the trace of the present work.
  void add(pqxx::work& tx, std::string_view subject, const std::string& body, const std::string& message_id);
  template <class E>
  void add(pqxx::work& tx, const E& event, const std::string& message_id) {
    add(tx, E::kSubject.text, wire::encode(event), message_id);
  }

  /// After the commit: the relay looks now instead of at its next turn (200 ms).
  void wake();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::storage
