#include "common/bus/event_reports.h"

#include "common/runtime/log.h"

namespace mm::bus {
namespace {

struct PoisonMessage {
  static constexpr std::string_view kCode = "poison_message";
  std::string stream;
  std::string consumer;
  std::string subject;
  std::uint64_t sequence = 0;
  std::string reason;
};
template <class F>
void describe(F& f, PoisonMessage& m) {
  f("stream", m.stream);
  f("consumer", m.consumer);
  f("subject", m.subject);
  f("sequence", m.sequence);
  f("reason", m.reason);
}

struct ForgedEvent {
  static constexpr std::string_view kCode = "forged_event";
  std::string stream;
  std::string consumer;
  std::string subject;
  std::uint64_t sequence = 0;
};
template <class F>
void describe(F& f, ForgedEvent& m) {
  f("stream", m.stream);
  f("consumer", m.consumer);
  f("subject", m.subject);
  f("sequence", m.sequence);
}

}  // namespace

void report_poison(Bus& bus, const ConsumerName& name, const PulledEvent& event, const std::string& reason) {
  const auto sequence = event.place().info.sequence;
  log::error("poison_message", {{"stream", name.stream.name},
                                {"consumer", name.consumer},
                                {"subject", event.subject()},
                                {"sequence", sequence},
                                {"reason", reason}});
  const PoisonMessage violation{std::string(name.stream.name), name.consumer, std::string(event.subject()), sequence,
                                reason};
  (void)bus.publish(violation_subject(PoisonMessage::kCode), wire::encode(violation));
}

void report_forged(Bus& bus, const ConsumerName& name, const PulledEvent& event) {
  const auto sequence = event.place().info.sequence;
  log::error("forged_event", {{"stream", name.stream.name},
                              {"consumer", name.consumer},
                              {"subject", event.subject()},
                              {"sequence", sequence}});
  const ForgedEvent violation{std::string(name.stream.name), name.consumer, std::string(event.subject()), sequence};
  (void)bus.publish(violation_subject(ForgedEvent::kCode), wire::encode(violation));
}

}  // namespace mm::bus
