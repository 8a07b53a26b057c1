#include "services/gateway/logins/endings.h"

#include "common/runtime/log.h"
#include "services/gateway/core/close_codes.h"
#include "services/gateway/logins/tokens.h"

namespace mm::gateway {

CloseSockets login_ended(PlayerId player, LoginId login) {
  CloseSockets event;
  event.player_id = player;
  event.code = close_codes::kNotAuthenticated;
  event.reason = kLoginEnded;
  event.login = login;
  return event;
}

void Endings::end_everywhere(const CloseSockets& event) {
  end_here(event);
  if (bus_.publish(event)) return;
  log::warning("sockets_ended_not_published", {{"player_id", event.player_id}});
  const MutexLock lock(mutex_);
  if (unpublished_.size() >= kMaxUnpublished) unpublished_.pop_front();
  unpublished_.push_back(event);
}

void Endings::end_here(const CloseSockets& event) {
  const auto now = std::chrono::steady_clock::now();
  if (event.login) denials_.add(*event.login, now, now + kDenialLifetime);
  if (handler_) handler_(event);
}

void Endings::publish_pending() {
  const MutexLock lock(mutex_);
  for (std::size_t i = 0; i < kMaxPublishedAtOnce && !unpublished_.empty() && bus_.publish(unpublished_.front()); ++i) {
    unpublished_.pop_front();
  }
}

}  // namespace mm::gateway
