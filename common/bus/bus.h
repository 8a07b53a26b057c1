// One connection to NATS: requests with a deadline, events, and what both carry in their headers. nats.c lives
// behind this folder's headers. Thread-safe.
//
// While the server is away, requests fail at once with `unavailable` and publishes with an error: nothing is
// buffered behind the caller's back, so nothing old arrives later. The connection comes back by itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/bus/proof.h"
#include "common/contracts/caller.h"
#include "common/contracts/problem.h"
#include "common/contracts/subjects.h"
#include "common/runtime/metrics.h"
#include "common/runtime/trace.h"
#include "common/wire/codec.h"

namespace mm::bus {

struct Options {
  std::string url = "nats://127.0.0.1:4222";
  std::string user{};  ///< also names the inboxes: rights::inbox_prefix
  std::string password{};
  std::string name{};  ///< of the connection, as operators see it
  EventKeys keys{};
};

/// What came beside a body, or goes with it.
struct Context {
  Caller caller;
  Deadline deadline = Deadline::after(limits::kRequestDeadline);
  trace::Context trace;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;
HeaderList headers_of(const Caller& caller, Deadline deadline, const trace::Context& trace);

/// What JetStream answered to a stored event.
struct Stored {
  std::uint64_t sequence = 0;
  bool duplicate = false;
  std::string server_id;  ///< of the nats-server that acknowledged it
};

class Bus {
 public:
  /// Waits up to `deadline` for the first connection; afterwards it reconnects for ever.
  static Result<std::unique_ptr<Bus>, std::string> connect(const Options& options, metrics::Registry& metrics,
                                                           Deadline deadline);
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// Body in, body out. A refusal of the other side comes back as its Problem; nobody there, no connection:
  /// `unavailable`; no answer in time: `deadline_exceeded`.
  Reply<std::string> request(std::string_view subject, std::string_view body, const Caller& caller, Deadline deadline);

  template <class Req>
  Reply<typename Req::Answer> request(const Req& req, const Caller& caller, Deadline deadline) {
    auto answer = request(Req::kSubject.text, wire::encode(req), caller, deadline);
    if (!answer) return fail(std::move(answer).error());
    return wire::decode<typename Req::Answer>(*answer, wire::Unknown::ignored, kTrusted);
  }

  /// A plain event (no stream): sent or not, nobody confirms.
  Result<Done, std::string> publish(std::string_view subject, std::string_view body);
  template <class E>
  Result<Done, std::string> publish(const E& event) {
    return publish(E::kSubject.text, wire::encode(event));
  }

  /// An event of a stream, confirmed. `message_id`: the idempotency key (Nats-Msg-Id).
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
  /// Stores many events with one wait: sends all, then collects the confirmations. One result per event, in order.
  std::vector<Result<Stored, std::string>> store_all(const std::vector<Outgoing>& events, Deadline deadline);

  bool connected() const;
  /// How often the connection came back: a change means that messages may have been missed meanwhile.
  std::uint64_t reconnections() const;
  /// The connection was given up (its password is no longer accepted): only a new process can help.
  bool closed() const;
  /// nats-server has refused a subject that this process needs, since the connection was made: its permissions do not
  /// fit the program.
  bool refused() const;
  /// Consumers of this process that nats-server does not have: nats_setup did not make them, or somebody removed them.
  std::vector<std::string> missing_consumers() const;
  /// Id of the nats-server we are connected to; changes when its state may be another. Empty while away.
  std::string server_id() const;

  /// For `subscribe`: counts a plain event that was dropped.
  void count_undecodable(std::string_view subject);

  /// Answers of other daemons may be larger than what clients may send.
  static constexpr json::ReadLimits kTrusted{limits::kJsonDepth, 1'000'000};

  struct Impl;  ///< for the other parts of this folder
  Impl& impl() { return *impl_; }

 private:
  explicit Bus(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Plain subscription; the handler runs on a NATS thread and must not block. Destroying it waits for a running
/// handler.
class Subscription {
 public:
  using Handler = std::function<void(std::string_view subject, std::string_view body)>;
  /// `queue`: empty, or the queue group of which one member gets each message.
  Subscription(Bus& bus, const std::string& subject, const std::string& queue, Handler handler);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A plain event, decoded; what does not decode is counted and dropped.
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
