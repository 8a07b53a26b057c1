#include "common/bus/dead_letters.h"

#include <algorithm>

#include "common/runtime/log.h"
#include "common/security/secrets.h"

namespace mm::bus {
namespace {

std::string cut(std::string_view text) { return std::string(text.substr(0, DeadEvent::kMaxTextBytes)); }

DeadEvent dead_event(const PulledEvent& event) {
  DeadEvent dead;
  dead.subject = cut(event.subject());
  dead.sequence = event.place().info.sequence;
  dead.stored_at = event.place().info.stored_at;
  dead.message_id = cut(header_of(event.message(), headers::kMessageId));
  dead.traceparent = cut(header_of(event.message(), headers::kTraceparent));
  dead.signature = cut(header_of(event.message(), kSignatureHeader));
  dead.body = security::base64url_encode(event.body());
  return dead;
}

}  // namespace

DeadLetterSender::DeadLetterSender(Bus& bus, Stream stream, std::string consumer, metrics::Registry& metrics)
    : bus_(bus),
      stream_(stream),
      consumer_(std::move(consumer)),
      stored_(metrics.counter("mm_bus_dead_letters_total", "Events that were given up and stored as dead letters",
                              {{"stream", std::string(stream.name)}, {"consumer", consumer_}})),
      failures_(metrics.counter("mm_bus_dead_letter_failures_total", "Failed attempts to store a dead letter",
                                {{"stream", std::string(stream.name)}, {"consumer", consumer_}})) {}

bool DeadLetterSender::store(const PulledEvent& event, const std::string& reason) {
  if (!retry_at_.passed()) return false;
  StoreDeadLetter letter;
  letter.stream = stream_.name;
  letter.consumer = consumer_;
  letter.deliveries = event.place().info.deliveries;
  letter.reason = cut(reason);
  letter.event = dead_event(event);
  const auto answer = bus_.request(addressed(StoreDeadLetter::kSubject, bus_.impl().user), wire::encode(letter), {},
                                   Deadline::after(kTimeout));
  if (answer) {
    pause_ = Milliseconds{0};
    stored_.add();
    return true;
  }
  failures_.add();
  log::warning("dead_letter_not_stored", {{"stream", stream_.name},
                                          {"consumer", consumer_},
                                          {"sequence", letter.event.sequence},
                                          {"code", info(answer.error().code).name},
                                          {"reason", answer.error().detail}});
  pause_ = std::clamp(pause_ * 2, kFirstPause, kMaxPause);
  retry_at_ = Deadline::after(pause_);
  return false;
}

RetryRequests::RetryRequests(Bus& bus, Stream stream, const std::string& consumer, metrics::Registry& metrics)
    : endpoint_(bus.impl(), retry_subject(bus.impl().user, stream, consumer), {}, {}, consumer, metrics) {
  const auto status = natsConnection_QueueSubscribeSync(&subscription_, endpoint_.connection(),
                                                        endpoint_.listens_on().c_str(), consumer.c_str());
  if (status == NATS_OK) {
    natsSubscription_SetPendingLimits(subscription_, kMaxWaiting, -1);
  } else {
    log::error("retries_not_received", {{"consumer", consumer}});
  }
}

RetryRequests::~RetryRequests() {
  if (subscription_ == nullptr) return;
  natsSubscription_Unsubscribe(subscription_);
  natsSubscription_Destroy(subscription_);
}

void RetryRequests::serve(const Handler& handle) {
  std::uint64_t waiting = 0;
  if (subscription_ == nullptr || natsSubscription_QueuedMsgs(subscription_, &waiting) != NATS_OK) return;
  for (; waiting > 0; --waiting) {
    natsMsg* next = nullptr;
    if (natsSubscription_NextMsg(&next, subscription_, 1) != NATS_OK) return;
    const Request request{MsgPtr(next), std::chrono::steady_clock::now()};
    if (!is_inbox(reply_of(next))) continue;
    const auto retry = wire::decode<RetryEvent>(body_of(next), wire::Unknown::ignored, Bus::kTrusted);
    const auto body = retry ? security::base64url_decode(retry->event.body) : std::nullopt;
    const auto trace = retry ? trace::parse_traceparent(retry->event.traceparent) : std::nullopt;
    const trace::Scope scope(trace ? trace::child_of(*trace) : trace::new_trace());
    Reply<Empty> answer =
        retry ? Reply<Empty>(refuse_field("/event/body", "is not base64url")) : Reply<Empty>(fail(retry.error()));
    if (body) answer = handle(retry->event, *body);
    endpoint_.answer(request, trace::current(),
                     answer ? Reply<std::string>(wire::encode(*answer)) : Reply<std::string>(fail(answer.error())));
  }
}

}  // namespace mm::bus
