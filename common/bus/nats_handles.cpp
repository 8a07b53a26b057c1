#include "common/bus/nats_handles.h"

#include <stdexcept>

namespace mm::bus {

CallbackSubscription::CallbackSubscription(natsConnection* connection, const std::string& subject,
                                           const std::string& queue, Handler handler)
    : connection_(connection), handler_(std::move(handler)) {
  auto status = queue.empty() ? natsConnection_Subscribe(&subscription_, connection, subject.c_str(), on_message, this)
                              : natsConnection_QueueSubscribe(&subscription_, connection, subject.c_str(),
                                                              queue.c_str(), on_message, this);
  if (status == NATS_OK) status = natsSubscription_SetOnCompleteCB(subscription_, on_complete, this);
  // Handlers only pass messages on to a bounded queue, so the library needs no limit of its own.
  if (status == NATS_OK) status = natsSubscription_SetPendingLimits(subscription_, -1, -1);
  if (status != NATS_OK) {
    throw std::runtime_error("cannot subscribe to " + subject + ": " + natsStatus_GetText(status));
  }
}

CallbackSubscription::~CallbackSubscription() {
  if (!draining_) natsSubscription_Unsubscribe(subscription_);
  await_end();
  natsSubscription_Destroy(subscription_);
}

void CallbackSubscription::begin_drain(Milliseconds within) {
  draining_ = true;
  const bool begun = is_connected() && natsSubscription_DrainTimeout(subscription_, within.count()) == NATS_OK;
  if (!begun) natsSubscription_Unsubscribe(subscription_);
}

void CallbackSubscription::await_end() {
  MutexLock lock(mutex_);
  while (!changed_.wait_for(lock, kConnectionCheckInterval, [this]() REQUIRES(mutex_) { return ended_; })) {
    // While disconnected no message is on its way, but the library would still wait for the end of the drain.
    if (is_connected()) continue;
    lock.unlock();
    natsSubscription_Unsubscribe(subscription_);
    lock.lock();
  }
}

bool CallbackSubscription::is_connected() const {
  return natsConnection_Status(connection_) == NATS_CONN_STATUS_CONNECTED;
}

void CallbackSubscription::on_message(natsConnection*, natsSubscription*, natsMsg* message, void* self) {
  static_cast<CallbackSubscription*>(self)->handler_(MsgPtr(message));
}

void CallbackSubscription::on_complete(void* self) {
  auto& subscription = *static_cast<CallbackSubscription*>(self);
  // Notify under the lock, because the waiter may destroy this object as soon as it gets the lock.
  const MutexLock lock(subscription.mutex_);
  subscription.ended_ = true;
  subscription.changed_.notify_all();
}

}  // namespace mm::bus
