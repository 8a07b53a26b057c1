// The transactional outbox: an event is written in the transaction of its fact, and a relay thread publishes it to
// JetStream until it is confirmed. Table `<schema>.outbox` (db/migrations). Several relays may run (SKIP LOCKED).
//
// A row keeps the id of the nats-server that confirmed it. Rows younger than 15 minutes confirmed by another server
// are sent again under the same message id: JetStream may have lost them (it syncs to disk every two minutes).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/bus/bus.h"
#include "common/storage/postgres.h"

namespace mm::storage {

class Outbox {
 public:
  /// `schema`: the service's own, a literal.
  Outbox(Postgres& postgres, bus::Bus& bus, std::string schema, metrics::Registry& metrics);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Within the caller's transaction. `message_id`: the idempotency key; a second row with it is ignored.
  void add(pqxx::work& tx, std::string_view subject, const std::string& body, const std::string& message_id);
  template <class E>
  void add(pqxx::work& tx, const E& event, const std::string& message_id) {
    add(tx, E::kSubject.text, wire::encode(event), message_id);
  }

  /// After the commit: the relay looks now instead of at its next turn.
  void wake();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::storage
