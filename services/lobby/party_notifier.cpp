#include "services/lobby/party_notifier.h"

#include <utility>

namespace mm::lobby {

PartyNotifier::PartyNotifier(bus::Bus& bus, bus::Notifier& notifier, metrics::Counter dropped)
    : bus_(bus),
      notifier_(notifier),
      dropped_(dropped),
      queue_({.queued = kMaxQueued}, dropped, [this](const auto& batch) { send(batch.front()); }) {}

void PartyNotifier::add(Notification notification) {
  notification.trace = trace::current();
  queue_.add(std::move(notification));
}

void PartyNotifier::send(const Notification& notification) {
  const trace::Scope scope(notification.trace);
  if (notification.subject.empty()) return notifier_.send(notification.tenant, notification.frames);
  if (!bus_.publish(notification.subject, notification.body)) dropped_.add();
}

}  // namespace mm::lobby
