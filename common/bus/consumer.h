// Consumer: one thread that pulls the events of a stream in order and passes each to the handler of its subject.
//
//   bus::Consumer events_{runtime.bus, streams::kMatch, {.name = "profile"}, runtime.metrics};
//   events_.on<MatchCompleted>([this](const MatchCompleted& e, const bus::EventInfo& i) { return rate(e); });
//   events_.start();
//
// Handlers commit before the event is acknowledged, so an event may be delivered again: every handler is idempotent and
// documents its key. Events of subjects without a handler are acknowledged unread. An event is given up if it does not
// decode, if a handler returned `Ack::reject`, or if it failed kMaxDeliveries times. Then it is logged, reported on
// events.violation.poison_message, stored as a dead letter (common/contracts/dead_letter.h), counted
// (mm_bus_dead_letters_total) and terminated, and the next event is handled. If the letter cannot be stored, the event
// is put back and tried again, while later events are handled. An operator can have a stored event handled again by the
// same handler, on the pulling thread. This is one more reason why handlers are idempotent.
//
// Events are handled one after the other in the order of the stream, except for events put back by Ack::retry: later
// events are handled while such an event waits for its back-off (0.2 s, doubling to 5 s). Only exceptions count as
// failures, and only those in this process.
//
// An event of a publisher that signs (common/bus/event_signature.h) must have a valid signature. Otherwise it is
// logged, counted (mm_bus_forged_events_total), published on events.violation.forged_event and terminated without being
// handled.
//
// nats-server keeps the consumer's position under its name, across restarts of either side. nats_setup creates the
// consumer (common/contracts/bus_rights.h lists all). If the consumer does not exist, this is logged, the thread looks
// for it repeatedly, and the daemon is unready (Bus::missing_consumers).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/bus/bus.h"

namespace mm::bus {

enum class Ack {
  done,    ///< handled now or earlier
  retry,   ///< a dependency is down: deliver again after a back-off; does not count as a failure
  reject,  ///< the event can never be handled
};

struct EventInfo {
  std::uint64_t sequence = 0;
  int deliveries = 1;
  TimePoint stored_at;
};

/// One event of a batch and the trace under which it is handled.
template <class E>
struct Delivered {
  E event;
  EventInfo info;
  trace::Context trace;
};

struct ConsumerOptions {
  std::string name{};  ///< a name in rights::kConsumers; instances with the same name share the consumer
  int batch = 64;
};

class Consumer {
 public:
  static constexpr int kMaxDeliveries = 5;

  Consumer(Bus& bus, Stream stream, ConsumerOptions options, metrics::Registry& metrics);
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  template <class E>
  void on(std::function<Ack(const E&, const EventInfo&)> handler) {
    on_raw(std::string(E::kSubject.text), [handler = std::move(handler)](RawEvent& raw) {
      auto event = decode_event<E>(raw);
      return event ? handler(*event, raw.info) : Ack::reject;
    });
  }

  /// The handler gets up to `limit` events of this subject that have arrived, in the order of the stream, so that it
  /// can store them in one transaction. It returns one Ack per event. A batch is not delayed to become larger. After a
  /// failure, events are handled one at a time until one succeeds.
  template <class E>
  void on_batch(std::size_t limit, std::function<std::vector<Ack>(const std::vector<Delivered<E>>&)> handler) {
    on_batch_raw(std::string(E::kSubject.text), limit, [handler = std::move(handler)](std::vector<RawEvent>& raw) {
      std::vector<Ack> acks(raw.size(), Ack::reject);
      std::vector<Delivered<E>> events;
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < raw.size(); ++i) {
        auto event = decode_event<E>(raw[i]);
        if (!event) continue;
        events.push_back({std::move(*event), raw[i].info, raw[i].trace});
        places.push_back(i);
      }
      const auto answers = events.empty() ? std::vector<Ack>{} : handler(events);
      for (std::size_t i = 0; i < places.size(); ++i) acks[places[i]] = answers.at(i);
      return acks;
    });
  }

  void start();

 private:
  struct RawEvent {
    std::string_view body;
    EventInfo info;
    trace::Context trace;
    std::string flaw{};  ///< why the event cannot be decoded; set by the handler below
  };
  using RawHandler = std::function<Ack(RawEvent&)>;
  using RawBatchHandler = std::function<std::vector<Ack>(std::vector<RawEvent>&)>;

  template <class E>
  static Reply<E> decode_event(RawEvent& raw) {
    auto event = wire::decode<E>(raw.body, wire::Unknown::ignored, Bus::kTrusted);
    if (!event) raw.flaw = flaw_of(event.error());
    return event;
  }
  static std::string flaw_of(const Problem& problem);

  void on_raw(std::string subject, RawHandler handler);
  void on_batch_raw(std::string subject, std::size_t limit, RawBatchHandler handler);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::bus
