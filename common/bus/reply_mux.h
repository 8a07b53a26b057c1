// ReplyMux: many outstanding requests on one wildcard inbox. A table maps the last token of the reply subject to the
// handler of the request. Internal to this folder. Thread-safe.
//
// Each reply subject ends in a number and a random word. A receiver of one request knows the inbox and could send
// answers to it, but it cannot guess the reply subject of another request.
//
// The inbox is a callback subscription, because nats.c's blocking subscription swallows "no responders" messages
// together with the token that identifies the request. An answer that arrives after its entry was removed is dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/base/mutex.h"
#include "common/bus/bus_impl.h"

namespace mm::bus {

class ReplyMux {
 public:
  /// `message` is set only with NATS_OK. Called exactly once per request, on a library thread or the timer thread; must
  /// not block.
  using Handler = std::function<void(natsStatus status, MsgPtr message)>;

  explicit ReplyMux(Bus::Impl& bus);
  /// Ends all outstanding requests with NATS_CONNECTION_CLOSED.
  ~ReplyMux();
  ReplyMux(const ReplyMux&) = delete;
  ReplyMux& operator=(const ReplyMux&) = delete;

  void send(std::string_view subject, std::string_view body, const HeaderList& headers, Deadline deadline,
            Handler handler);

  std::size_t waiting() const;

 private:
  using Due = std::pair<SteadyPoint, std::uint64_t>;
  static constexpr Milliseconds kTick{20};

  struct Pending {
    std::string word;
    Handler handler;
  };

  void on_answer(MsgPtr message);
  std::optional<Handler> take(std::uint64_t id);
  std::optional<Handler> take(std::uint64_t id, std::string_view word);
  void end_all(natsStatus status);
  void run_timer();
  std::vector<std::pair<Handler, natsStatus>> take_ended() REQUIRES(mutex_);

  Bus::Impl& bus_;
  std::string prefix_;  // prefix of the reply subjects, with the last dot
  mutable Mutex mutex_;
  Condition changed_;
  std::unordered_map<std::uint64_t, Pending> pending_ GUARDED_BY(mutex_);
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_ GUARDED_BY(mutex_);
  std::vector<std::pair<Handler, natsStatus>> unsent_ GUARDED_BY(mutex_);
  std::uint64_t last_id_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::list<Bus::Impl::Listener>::iterator listener_;
  std::thread timer_;
  std::optional<CallbackSubscription> inbox_;
};

}  // namespace mm::bus
