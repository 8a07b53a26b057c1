// Many requests in flight on one wildcard inbox: a table from the last token of the reply subject to whoever waits.
// Internal to this folder. Thread-safe.
//
// Each reply subject ends in a number and a random word. Whoever was sent a request of ours knows the inbox and could
// have somebody else's answer sent there; it cannot guess where another request waits.
//
// The inbox is a callback subscription: nats.c's blocking one swallows "no responders" messages and with them the
// token that says whose they are. A late answer without an entry is dropped.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/bus/bus_impl.h"

namespace mm::bus {

class ReplyMux {
 public:
  /// `message` only with NATS_OK. Runs on a library thread or the timer thread, exactly
  /// once per request; must not block.
  using Handler = std::function<void(natsStatus status, MsgPtr message)>;

  explicit ReplyMux(Bus::Impl& bus);
  /// Ends what still waits with NATS_CONNECTION_CLOSED.
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
  std::vector<std::pair<Handler, natsStatus>> take_ended(std::unique_lock<std::mutex>& lock);

  Bus::Impl& bus_;
  std::string prefix_;  // of the reply subjects, with the last dot
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Protected by mutex_:
  std::unordered_map<std::uint64_t, Pending> pending_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<std::pair<Handler, natsStatus>> unsent_;
  std::uint64_t last_id_ = 0;
  bool stopping_ = false;

  std::list<Bus::Impl::Listener>::iterator listener_;
  std::thread timer_;
  std::optional<CallbackSubscription> inbox_;
};

}  // namespace mm::bus
