#include "services/lobby/party_notifier.h"

#include <utility>

namespace mm::lobby {

PartyNotifier::PartyNotifier(bus::Bus& bus, bus::Notifier& notifier, metrics::Counter dropped)
    : bus_(bus), notifier_(notifier), dropped_(dropped), thread_([this] { run(); }) {}

PartyNotifier::~PartyNotifier() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void PartyNotifier::add(Notification notification) {
  notification.trace = trace::current();
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() >= kMaxQueued) return dropped_.add();
    queue_.push_back(std::move(notification));
  }
  changed_.notify_one();
}

void PartyNotifier::run() {
  std::optional<Deadline> last;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (stopping_ && !last) last = Deadline::after(kDrainTimeout);
    if (queue_.empty() || (last && last->passed())) break;
    const Notification notification = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    send(notification);
    lock.lock();
  }
  dropped_.add(static_cast<double>(queue_.size()));
}

void PartyNotifier::send(const Notification& notification) {
  const trace::Scope scope(notification.trace);
  if (notification.subject.empty()) return notifier_.send(notification.tenant, notification.frames);
  if (!bus_.publish(notification.subject, notification.body)) dropped_.add();
}

}  // namespace mm::lobby
