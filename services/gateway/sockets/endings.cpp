#include "services/gateway/sockets/endings.h"

#include "common/runtime/log.h"
#include "services/gateway/tokens.h"

namespace mm::gateway {

void Endings::tell(const SocketsEnded& event) {
  hear(event);
  if (bus_.publish(event)) return;
  log::warning("gateways_not_told", {{"player_id", event.player_id}});
  std::lock_guard lock(mutex_);
  if (unpublished_.size() >= kUnpublishedMost) unpublished_.pop_front();
  unpublished_.push_back(event);
}

void Endings::hear(const SocketsEnded& event) {
  const auto now = std::chrono::steady_clock::now();
  if (event.login) denials_.add(*event.login, now, now + kDenialTime);
  if (handler_) handler_(event);
}

void Endings::retry() {
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < kRetriesAtOnce && !unpublished_.empty() && bus_.publish(unpublished_.front()); ++i) {
    unpublished_.pop_front();
  }
}

}  // namespace mm::gateway
