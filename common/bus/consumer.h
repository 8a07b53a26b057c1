// Consuming a stream: one thread pulls events in order and hands each to the handler of its subject.
//
//   bus::Consumer events_{runtime.bus, streams::kMatch, {.name = "profile"}, runtime.metrics};
//   events_.on<MatchCompleted>([this](const MatchCompleted& e, const bus::EventInfo& i) { return rate(e); });
//   events_.start();
//
// Handlers commit first and acknowledge then, so an event may come again: every handler is idempotent and says by
// what. Subjects without a handler are acknowledged unread. An event that does not decode, or that was refused
// `Ack::reject`, or that failed kDeliveriesMax times, is logged, counted (mm_bus_dead_letters_total), published on
// events.violation.poison_message, and terminated: the next one flows.
//
// Events come one after the other, in the stream's order, but for those put back by Ack::retry: while one waits for
// its back-off (0.2 s, doubling to 5 s), later ones flow. Only exceptions count as failures, in this process.
//
// An event whose publisher signs (common/bus/proof.h) and that carries no good signature is logged, counted
// (mm_bus_forged_events_total), published on events.violation.forged_event, and terminated unseen.
//
// Its place in the stream is kept by nats-server under its name, over restarts of both sides, and was made by
// nats_setup (common/contracts/bus_rights.h lists all). A consumer that is not there is waited for, logged, and makes
// the daemon unready (Bus::missing_consumers).
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
  done,    ///< handled, or known already
  retry,   ///< a dependency is down: again after a back-off; does not count as a failed delivery
  reject,  ///< can never be handled
};

struct EventInfo {
  std::uint64_t sequence = 0;
  int deliveries = 1;
  TimePoint stored_at;
};

/// One event of a batch, with the trace under which it is handled.
template <class E>
struct Delivered {
  E event;
  EventInfo info;
  trace::Context trace;
};

struct ConsumerOptions {
  std::string name{};  ///< of rights::kConsumers: shared by all instances that give the same name
  int batch = 64;
};

class Consumer {
 public:
  static constexpr int kDeliveriesMax = 5;

  Consumer(Bus& bus, Stream stream, ConsumerOptions options, metrics::Registry& metrics);
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  template <class E>
  void on(std::function<Ack(const E&, const EventInfo&)> handler) {
    on_raw(std::string(E::kSubject.text), [handler = std::move(handler)](std::string_view body, const EventInfo& info) {
      auto event = wire::decode<E>(body, wire::Unknown::ignored, Bus::kTrusted);
      if (!event) return Ack::reject;
      return handler(*event, info);
    });
  }

  /// The handler gets up to `most` events of this subject that have arrived and not been handled, in the stream's
  /// order, so that it can store them in one transaction; it answers each of them. It is called with what is there: an
  /// event never waits for others to come. After a failure events come one at a time until one succeeds.
  template <class E>
  void on_batch(std::size_t most, std::function<std::vector<Ack>(const std::vector<Delivered<E>>&)> handler) {
    on_batch_raw(std::string(E::kSubject.text), most, [handler = std::move(handler)](const std::vector<RawEvent>& raw) {
      std::vector<Ack> acks(raw.size(), Ack::reject);
      std::vector<Delivered<E>> events;
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < raw.size(); ++i) {
        auto event = wire::decode<E>(raw[i].body, wire::Unknown::ignored, Bus::kTrusted);
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
  };
  using RawBatchHandler = std::function<std::vector<Ack>(const std::vector<RawEvent>&)>;

  void on_raw(std::string subject, std::function<Ack(std::string_view, const EventInfo&)> handler);
  void on_batch_raw(std::string subject, std::size_t most, RawBatchHandler handler);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::bus
