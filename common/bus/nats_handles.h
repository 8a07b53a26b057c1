// RAII wrappers for objects of nats.c: message, options, callback subscription. Internal to this folder.
#pragma once

#include <nats/nats.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace mm::bus {

struct MsgRelease {
  void operator()(natsMsg* message) const { natsMsg_Destroy(message); }
};
using MsgPtr = std::unique_ptr<natsMsg, MsgRelease>;

struct OptionsRelease {
  void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
};
using OptionsPtr = std::unique_ptr<natsOptions, OptionsRelease>;

inline std::string_view body_of(const natsMsg* message) {
  const auto length = natsMsg_GetDataLength(message);
  return length > 0 ? std::string_view(natsMsg_GetData(message), static_cast<std::size_t>(length)) : std::string_view();
}
inline std::string_view subject_of(const natsMsg* message) { return natsMsg_GetSubject(message); }
inline std::string_view reply_of(const natsMsg* message) {
  const char* reply = natsMsg_GetReply(message);
  return reply != nullptr ? reply : "";
}

/// The first value of a header, or empty. nats.c compares header names case-sensitively.
inline std::string_view header_of(natsMsg* message, const char* name) {
  const char* value = nullptr;
  return natsMsgHeader_Get(message, name, &value) == NATS_OK && value != nullptr ? value : "";
}

/// A subscription whose handler runs on a thread of the library's delivery pool. No handler runs after the destructor
/// has returned. It must not be destroyed from its own handler.
class CallbackSubscription {
 public:
  using Handler = std::function<void(MsgPtr)>;

  /// Throws std::runtime_error if the connection is closed. While disconnected, the subscription is created and is sent
  /// to the server after the reconnect.
  CallbackSubscription(natsConnection* connection, const std::string& subject, const std::string& queue,
                       Handler handler);
  ~CallbackSubscription();
  CallbackSubscription(const CallbackSubscription&) = delete;
  CallbackSubscription& operator=(const CallbackSubscription&) = delete;

  /// Asks the server to stop sending. Messages that are on their way still reach the handler.
  void begin_drain(Milliseconds within);
  /// Waits until no handler runs and no handler will be called.
  void await_end();

 private:
  static void on_message(natsConnection*, natsSubscription*, natsMsg* message, void* self);
  static void on_complete(void* self);
  bool is_connected() const;

  static constexpr Milliseconds kConnectionCheckInterval{50};

  natsConnection* const connection_;
  Handler handler_;
  natsSubscription* subscription_ = nullptr;
  Mutex mutex_;
  Condition changed_;
  bool ended_ GUARDED_BY(mutex_) = false;
  bool draining_ = false;
};

}  // namespace mm::bus
