#include "common/bus/pulled_event.h"

#include <charconv>
#include <vector>

namespace mm::bus {
namespace {

constexpr std::string_view kAckPrefix = "$JS.ACK.";

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::vector<std::string_view> tokens_of(std::string_view text) {
  std::vector<std::string_view> tokens;
  while (true) {
    const auto dot = text.find('.');
    tokens.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return tokens;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

std::optional<EventPlace> parse_ack_subject(std::string_view reply) {
  if (!reply.starts_with(kAckPrefix)) return std::nullopt;
  // The tokens are stream, consumer, deliveries, stream sequence, consumer sequence, time in ns, pending. The longer
  // form has domain and account hash before them and a random token after them.
  const auto tokens = tokens_of(reply.substr(kAckPrefix.size()));
  if (tokens.size() != 7 && tokens.size() < 9) return std::nullopt;
  const std::size_t first = tokens.size() == 7 ? 2 : 4;
  const auto deliveries = number(tokens[first]);
  const auto sequence = number(tokens[first + 1]);
  const auto stored_ns = number(tokens[first + 3]);
  const auto pending = number(tokens[first + 4]);
  if (!deliveries || !sequence || !stored_ns || !pending) return std::nullopt;
  EventPlace place;
  place.consumer = tokens[first - 1];
  place.info.sequence = static_cast<std::uint64_t>(*sequence);
  place.info.deliveries = static_cast<int>(std::min<std::int64_t>(*deliveries, 1'000'000));
  place.info.stored_at = TimePoint(std::chrono::duration_cast<Milliseconds>(std::chrono::nanoseconds(*stored_ns)));
  place.pending = static_cast<std::uint64_t>(*pending);
  return place;
}

std::optional<PulledEvent> PulledEvent::from(MsgPtr message) {
  const auto place = parse_ack_subject(reply_of(message.get()));
  if (!place) return std::nullopt;
  return PulledEvent(std::move(message), *place);
}

void PulledEvent::acknowledge(Bus::Impl& bus) const { (void)bus.publish_reply(reply_of(message()), "+ACK", {}); }

void PulledEvent::retry_after(Bus::Impl& bus, Milliseconds delay) const {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(delay).count();
  (void)bus.publish_reply(reply_of(message()), "-NAK {\"delay\":" + std::to_string(ns) + "}", {});
}

void PulledEvent::terminate(Bus::Impl& bus) const { (void)bus.publish_reply(reply_of(message()), "+TERM", {}); }

}  // namespace mm::bus
