#include "services/matchmaker/after_commit/outbox_relay.h"

#include <algorithm>
#include <map>

#include "common/contracts/events.h"
#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kRelayInterval{50};
constexpr Milliseconds kQueueTimeout{500};
constexpr Milliseconds kStoreTimeout{2'000};
constexpr std::size_t kBatch = 200;
/// Limit of events sent again per round: 200 a second.
constexpr std::size_t kMaxResentPerRound = 10;

std::string_view known_subject(std::string_view subject) {
  for (const auto known : {TicketClosed::kSubject, TicketRequeued::kSubject}) {
    if (subject == known.text) return known.text;
  }
  return {};
}

/// Events that can be sent, in order, with their entries; and the entries that cannot be decoded.
struct Sendable {
  std::vector<bus::Bus::Outgoing> events;
  std::vector<std::string> entries;
  std::vector<std::string> unreadable;
};

Sendable sendable(const Tenant& tenant, const std::vector<OutboxEvent>& events) {
  Sendable out;
  for (const auto& event : events) {
    const auto subject = known_subject(event.subject);
    if (subject.empty() || event.message_id.empty()) {
      log::error("outbox_entry_unreadable", {{"tenant", tenant}});
      out.unreadable.push_back(event.entry);
      continue;
    }
    out.events.push_back({subject, event.body, event.message_id, trace::new_trace()});
    out.entries.push_back(event.entry);
  }
  return out;
}

}  // namespace

OutboxRelay::OutboxRelay(RequestStore& store, bus::Bus& bus, const OwnedTenants& owned_tenants, Metrics& metrics,
                         runtime::RecoveryBudget& recovery)
    : store_(store),
      bus_(bus),
      owned_tenants_(owned_tenants),
      metrics_(metrics),
      recovery_(recovery),
      worker_(kRelayInterval, [this] { relay(); }) {}

void OutboxRelay::wake(const Tenant& tenant) {
  {
    const MutexLock lock(mutex_);
    woken_.insert(tenant);
  }
  worker_.wake();
}

// Collects the tenants with changes since the last round. For writes by other instances, the tick loop reports the
// change.
void OutboxRelay::collect() {
  for (auto& tenant : owned_tenants_.changed_since(seen_)) waiting_.insert(std::move(tenant));
  {
    const MutexLock lock(mutex_);
    waiting_.merge(woken_);
    woken_.clear();
  }
  std::erase_if(waiting_, [this](const Tenant& tenant) { return !owned_tenants_.owns(tenant); });
}

void OutboxRelay::relay() {
  collect();
  std::int64_t length = 0;
  for (auto tenant = waiting_.begin(); tenant != waiting_.end();) {
    auto done = Relayed::more;
    while (done == Relayed::more) done = relay_some(*tenant);
    if (done == Relayed::all) {
      may_need_resend_.insert(*tenant);
      tenant = waiting_.erase(tenant);
      continue;
    }
    if (const auto waits = store_.outbox_length(*tenant, Deadline::after(kQueueTimeout))) length += *waits;
    ++tenant;
  }
  metrics_.outbox.set(static_cast<double>(length));
  if (waiting_.empty()) resend();
}

// An entry stays in the outbox until it is confirmed, so a failed event is sent again before later ones are read.
OutboxRelay::Relayed OutboxRelay::relay_some(const Tenant& tenant) {
  const auto events = store_.outbox(tenant, kBatch, Deadline::after(kQueueTimeout));
  if (!events) return Relayed::stuck;
  if (events->empty()) return Relayed::all;
  auto out = sendable(tenant, *events);
  const auto stored = bus_.store_all(out.events, Deadline::after(kStoreTimeout));
  std::map<std::string, std::vector<std::string>> confirmed;
  bool all = true;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (stored[i].ok() && !stored[i]->server_id.empty()) confirmed[stored[i]->server_id].push_back(out.entries[i]);
    else all = false;
  }
  if (!out.unreadable.empty()) confirmed["-"] = std::move(out.unreadable);
  for (const auto& [server, entries] : confirmed) {
    const auto dropped = store_.relayed(tenant, server, entries, Deadline::after(kQueueTimeout));
    if (!dropped) return Relayed::stuck;
    metrics_.relayed.add(static_cast<double>(entries.size()));
    metrics_.relayed_dropped.add(static_cast<double>(*dropped));
  }
  if (!all) return Relayed::stuck;
  return events->size() == kBatch ? Relayed::more : Relayed::all;
}

// Sending again is limited to 200 events a second and waits until no new events are left, because usually JetStream has
// lost nothing.
void OutboxRelay::resend() {
  const auto server = bus_.server_id();
  if (server.empty()) return;
  if (server != server_) {
    server_ = server;
    for (const auto& [tenant, token] : owned_tenants_.tenants()) may_need_resend_.insert(tenant);
  }
  std::size_t remaining = std::min(kMaxResentPerRound, recovery_.room());
  while (remaining > 0 && !may_need_resend_.empty()) {
    const auto tenant = may_need_resend_.begin();
    const auto sent = owned_tenants_.owns(*tenant) ? resend_some(*tenant, server, remaining) : std::size_t{0};
    if (!sent) return;
    if (*sent == 0) may_need_resend_.erase(tenant);
    remaining -= *sent;
  }
}

std::optional<std::size_t> OutboxRelay::resend_some(const Tenant& tenant, const std::string& server,
                                                    std::size_t limit) {
  const auto events = store_.confirmed_elsewhere(tenant, server, limit, Deadline::after(kQueueTimeout));
  if (!events) return std::nullopt;
  if (events->empty()) return 0;
  const auto out = sendable(tenant, *events);
  recovery_.spend(runtime::Recovery::event_resent, out.events.size());
  for (const auto& stored : bus_.store_all(out.events, Deadline::after(kStoreTimeout))) {
    if (!stored.ok() || stored->server_id != server) return std::nullopt;
    if (!stored->duplicate) recovery_.count_lost();
  }
  std::vector<std::string> entries;
  for (const auto& event : *events) entries.push_back(event.entry);
  if (!store_.relayed_again(tenant, server, entries, Deadline::after(kQueueTimeout))) return std::nullopt;
  metrics_.relayed_again.add(static_cast<double>(entries.size()));
  return entries.size();
}

}  // namespace mm::matchmaker
