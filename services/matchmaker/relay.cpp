#include "services/matchmaker/relay.h"

#include "common/contracts/events.h"
#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kEvery{50};
constexpr Milliseconds kAnswer{500};
constexpr Milliseconds kStore{2'000};
constexpr std::size_t kAtOnce = 200;

std::string_view known_subject(std::string_view subject) {
  for (const auto known : {TicketClosed::kSubject, TicketRequeued::kSubject}) {
    if (subject == known.text) return known.text;
  }
  return {};
}

}  // namespace

Relay::Relay(QueueStore& store, bus::Bus& bus, const Housekeeping& housekeeping, Metrics& metrics)
    : store_(store), bus_(bus), housekeeping_(housekeeping), metrics_(metrics), worker_(kEvery, [this] { relay(); }) {}

void Relay::relay() {
  std::int64_t waiting = 0;
  for (const auto& [tenant, token] : housekeeping_.tenants()) {
    auto done = Relayed::more;
    while (done == Relayed::more) done = relay_some(tenant);
    if (done == Relayed::all) continue;
    if (const auto length = store_.outbox_length(tenant, Deadline::after(kAnswer))) waiting += *length;
  }
  metrics_.outbox.set(static_cast<double>(waiting));
}

Relay::Relayed Relay::relay_some(const Tenant& tenant) {
  const auto events = store_.outbox(tenant, kAtOnce, Deadline::after(kAnswer));
  if (!events) return Relayed::stuck;
  if (events->empty()) return Relayed::all;
  std::vector<bus::Bus::Outgoing> outgoing;
  std::vector<const OutboxEvent*> sent;
  std::vector<std::string> finished;
  for (const auto& event : *events) {
    const auto subject = known_subject(event.subject);
    if (subject.empty() || event.message_id.empty()) {
      log::error("outbox_entry_unreadable", {{"tenant", tenant}});
      finished.push_back(event.entry);
      continue;
    }
    outgoing.push_back({subject, event.body, event.message_id, trace::new_trace()});
    sent.push_back(&event);
  }
  const auto stored = bus_.store_all(outgoing, Deadline::after(kStore));
  bool all = true;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (stored[i].ok()) finished.push_back(sent[i]->entry);
    else all = false;
  }
  if (!finished.empty() && !store_.remove_from_outbox(tenant, finished, Deadline::after(kAnswer))) {
    return Relayed::stuck;
  }
  metrics_.relayed.add(static_cast<double>(finished.size()));
  if (!all) return Relayed::stuck;
  return events->size() == kAtOnce ? Relayed::more : Relayed::all;
}

}  // namespace mm::matchmaker
