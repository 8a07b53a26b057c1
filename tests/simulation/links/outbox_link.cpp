// Replaces common/bus/outbox.cpp in the simulation: the relay has the same rules over the simulated tables. Rows are
// sent in order; rows that another nats-server confirmed are sent again, newest first; a row that a living relay has
// locked is skipped by others.
#include "common/bus/outbox.h"

#include <algorithm>

#include "common/runtime/periodic_task.h"
#include "tests/simulation/links/bus_link.h"

namespace mm::bus {

using simulation::OutboxRow;
using simulation::OutboxTable;
using simulation::Servers;

namespace {

constexpr std::size_t kBatch = 100;
constexpr Milliseconds kInterval{200};
constexpr Milliseconds kTurnTimeout{4'000};
constexpr Milliseconds kStoreTimeout{2'000};
constexpr Milliseconds kLookBack{15 * 60 * 1000};

}  // namespace

struct Outbox::Impl {
  Impl(Bus& b, OutboxTable& t) : bus(b), table(t), relay([this] { return turn(); }) {}

  Milliseconds turn();
  std::vector<OutboxRow*> lock_rows(const std::string& server, TimePoint now);
  void unlock(const std::vector<std::string>& ids);

  Bus& bus;
  OutboxTable& table;
  runtime::PeriodicTask relay;  // last member: it uses all others
};

std::vector<OutboxRow*> Outbox::Impl::lock_rows(const std::string& server, TimePoint now) {
  std::vector<OutboxRow*> unsent;
  std::vector<OutboxRow*> elsewhere;
  for (auto& row : table.rows()) {
    if (row.locked_by != nullptr && row.locked_by->alive) continue;
    if (row.sent_under.empty()) unsent.push_back(&row);
    else if (row.sent_under != server && row.created_at > now - kLookBack) elsewhere.push_back(&row);
  }
  std::reverse(elsewhere.begin(), elsewhere.end());
  auto rows = unsent.empty() ? elsewhere : unsent;
  if (rows.size() > kBatch) rows.resize(kBatch);
  for (auto* row : rows) row->locked_by = &bus.impl().process;
  return rows;
}

void Outbox::Impl::unlock(const std::vector<std::string>& ids) {
  for (auto& row : table.rows()) {
    if (std::find(ids.begin(), ids.end(), row.message_id) != ids.end()) row.locked_by = nullptr;
  }
}

Milliseconds Outbox::Impl::turn() {
  auto& servers = Servers::current();
  const auto server = bus.server_id();
  if (server.empty()) return kInterval;
  std::vector<Bus::Outgoing> events;
  std::vector<std::string> ids;
  const auto deadline = Deadline::after(kTurnTimeout);
  const auto read = servers.transaction(deadline, [&](TimePoint now) {
    for (const auto* row : lock_rows(server, now)) {
      events.push_back({row->subject, row->body, row->message_id, {}});
      ids.push_back(row->message_id);
    }
  });
  if (read != Servers::Committed::yes || events.empty()) {
    unlock(ids);
    return kInterval;
  }
  const auto results = bus.store_all(events, Deadline::after(kStoreTimeout));
  (void)servers.transaction(deadline, [&](TimePoint) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!results[i]) continue;
      for (auto& row : table.rows()) {
        if (row.message_id == ids[i]) row.sent_under = results[i]->server_id;
      }
    }
  });
  unlock(ids);
  return kInterval;
}

Outbox::Outbox(storage::Postgres&, Bus& bus, std::string schema, metrics::Registry&)
    : impl_(std::make_unique<Impl>(bus, schema == "session" ? Servers::current().database.session.outbox()
                                                            : Servers::current().database.profile.outbox())) {}
Outbox::~Outbox() = default;

void Outbox::add(pqxx::work&, const std::vector<Event>&) { check(false, "the simulation has no real transactions"); }

void Outbox::wake() { impl_->relay.wake(); }

}  // namespace mm::bus
