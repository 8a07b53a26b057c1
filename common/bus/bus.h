// Bus: one connection to NATS, with requests that have a deadline, plain events, and events stored in JetStream. Only
// this folder uses nats.c. Thread-safe.
//
// While disconnected, requests fail immediately with `unavailable` and publishes with an error. Nothing is buffered for
// later, so no outdated message is sent after a reconnect. The connection is re-established automatically.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/bus/event_signature.h"
#include "common/contracts/caller.h"
#include "common/contracts/problem.h"
#include "common/contracts/subjects.h"
#include "common/runtime/metrics.h"
#include "common/runtime/trace.h"
#include "common/wire/codec.h"

namespace mm::bus {

struct Options {
  std::string url = "nats://127.0.0.1:4222";
  std::string user{};  ///< also determines the inbox prefix: rights::inbox_prefix
  std::string password{};
  std::string name{};  ///< name of the connection for operators
  EventKeys keys{};
};

/// The metadata of a message, carried in its headers.
struct Context {
  Caller caller;
  Deadline deadline = Deadline::after(limits::kRequestTimeout);
  trace::Context trace;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;
HeaderList headers_of(const Caller& caller, Deadline deadline, const trace::Context& trace);

/// JetStream's confirmation of a stored event.
struct Stored {
  std::uint64_t sequence = 0;
  bool duplicate = false;
  std::string server_id;  ///< id of the nats-server that confirmed it
};

class Bus {
 public:
  /// Waits up to `deadline` for the first connection. Afterwards it reconnects without a time limit.
  static Result<std::unique_ptr<Bus>, std::string> connect(const Options& options, metrics::Registry& metrics,
                                                           Deadline deadline);
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// Sends a request body and returns the answer's body. A refusal by the other side is returned as its Problem.
  /// `unavailable`: nobody serves the subject, or there is no connection. `deadline_exceeded`: no answer in time.
  Reply<std::string> request(std::string_view subject, std::string_view body, const Caller& caller, Deadline deadline);

  template <class Req>
  Reply<typename Req::Answer> request(const Req& req, const Caller& caller, Deadline deadline) {
    auto answer = request(Req::kSubject.text, wire::encode(req), caller, deadline);
    if (!answer) return fail(std::move(answer).error());
    return wire::decode<typename Req::Answer>(*answer, wire::Unknown::ignored, kTrusted);
  }

  /// Publishes a plain event (no stream). Its delivery is not confirmed.
  Result<Done, std::string> publish(std::string_view subject, std::string_view body);
  template <class E>
  Result<Done, std::string> publish(const E& event) {
    return publish(E::kSubject.text, wire::encode(event));
  }

  /// Stores an event in its stream and waits for the confirmation. `message_id`: the idempotency key (Nats-Msg-Id).
  Result<Stored, std::string> store(std::string_view subject, std::string_view body, const std::string& message_id,
                                    const trace::Context& trace, Deadline deadline);
  template <class E>
  Result<Stored, std::string> store(const E& event, const std::string& message_id, Deadline deadline) {
    return store(E::kSubject.text, wire::encode(event), message_id, trace::current(), deadline);
  }

  struct Outgoing {
    std::string_view subject;
    std::string body;
    std::string message_id;
    trace::Context trace;
  };
  /// Stores many events: sends all, then waits once for all confirmations. Returns one result per event, in order.
  std::vector<Result<Stored, std::string>> store_all(const std::vector<Outgoing>& events, Deadline deadline);

  bool connected() const;
  /// Number of reconnections. A change means that plain events may have been missed.
  std::uint64_t reconnections() const;
  /// The connection was closed for good because its password is no longer accepted. Only a restart of the process
  /// helps.
  bool closed() const;
  /// On the present connection, nats-server has refused a subject that this process needs: the permissions do not match
  /// the program.
  bool refused() const;
  /// Consumers that this process uses and that do not exist: nats_setup did not create them, or somebody removed them.
  std::vector<std::string> missing_consumers() const;
  /// Id of the nats-server that this process is connected to. A change means that its data may differ. Empty while
  /// disconnected.
  std::string server_id() const;

  /// Used by `subscribe`: counts a plain event that was dropped because it could not be decoded.
  void count_undecodable(std::string_view subject);

  /// Limits for messages from other daemons, which may be larger than messages from clients.
  static constexpr json::ReadLimits kTrusted{limits::kMaxJsonDepth, 1'000'000};

  struct Impl;  ///< used by the other files of this folder
  Impl& impl() { return *impl_; }

 private:
  explicit Bus(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A plain subscription. The handler runs on a NATS thread and must not block. The destructor waits for a running
/// handler.
class Subscription {
 public:
  using Handler = std::function<void(std::string_view subject, std::string_view body)>;
  /// `queue`: the queue group, in which each message goes to one member; or empty.
  Subscription(Bus& bus, const std::string& subject, const std::string& queue, Handler handler);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Subscribes to a plain event. Events that cannot be decoded are counted and dropped.
template <class E>
std::unique_ptr<Subscription> subscribe(Bus& bus, const std::string& queue, std::function<void(const E&)> handler) {
  return std::make_unique<Subscription>(
      bus, std::string(E::kSubject.text), queue,
      [&bus, handler = std::move(handler)](std::string_view subject, std::string_view body) {
        auto event = wire::decode<E>(body, wire::Unknown::ignored, Bus::kTrusted);
        if (!event) return bus.count_undecodable(subject);
        handler(*event);
      });
}

}  // namespace mm::bus
