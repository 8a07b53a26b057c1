// Implements the pull loop without natsSubscription_Fetch: in nats.c 3.4.1, a fetch of more than one message overflows
// its array if messages of an earlier fetch are left over. Only one pull request is outstanding at a time. Its events
// and its end (a message with a status header) arrive in one inbox. The reply subject of an event names its consumer,
// and the last token of a status message's subject names its pull, so a late or repeated status of an earlier pull is
// not taken for the end of the present one. Otherwise each such status would begin another pull, until nats-server
// refuses pulls of this consumer for good (409 Exceeded MaxWaiting) and gives out no events.
#include "common/bus/consumer.h"

#include <algorithm>
#include <map>
#include <thread>

#include "common/base/mutex.h"
#include "common/bus/dead_letters.h"
#include "common/bus/event_reports.h"
#include "common/bus/jetstream.h"
#include "common/bus/pulled_event.h"
#include "common/runtime/log.h"

namespace mm::bus {
namespace {

constexpr Milliseconds kCallTimeout{2'000};
// A pull without events ends after this time; a vanished consumer is noticed then.
constexpr Milliseconds kPullTimeout{2'000};
constexpr Milliseconds kPullGrace{1'000};        // extra time for the end message to arrive
constexpr Milliseconds kStopCheckInterval{100};  // interval of checks of `stopping`
constexpr Milliseconds kFirstRetryPause{200};
constexpr Milliseconds kMaxRetryPause{5'000};
constexpr Milliseconds kFirstAbsentPause{100};  // interval of checks for a missing consumer
constexpr Milliseconds kMaxAbsentPause{2'000};
constexpr std::size_t kMaxAttempts = 10'000;  // limit of `attempts`
constexpr const char* kRefusedReason = "refused by the handler";

trace::Context trace_of(const PulledEvent& event) {
  const auto parent = trace::parse_traceparent(header_of(event.message(), headers::kTraceparent));
  return parent ? trace::child_of(*parent) : trace::new_trace();
}

// Earlier deliveries of an event in this process.
struct Attempts {
  int retries = 0;
  int failures = 0;
  bool reported = false;  // as poison
};

}  // namespace

struct Consumer::Impl {
  Impl(Bus& b, Stream s, ConsumerOptions o, metrics::Registry& r)
      : bus(b),
        stream(s),
        options(std::move(o)),
        labels{{"stream", std::string(stream.name)}, {"consumer", options.name}},
        handled(r.counter("mm_bus_events_total", "Events handled", labels)),
        retried(r.counter("mm_bus_events_retried_total", "Events put back for redelivery", labels)),
        forged(r.counter("mm_bus_forged_events_total", "Events without a valid signature of their publisher", labels)),
        behind(r.gauge("mm_bus_events_behind", "Events of the stream not yet delivered", labels)),
        prefix(bus.impl().new_inbox() + "."),
        letters(bus, stream, options.name, r),
        registry(r) {}

  void run();
  bool find();
  void note_missing(bool missing);
  bool pull();
  bool is_there();
  bool take_from(const Deadline& deadline, int& wanted);
  bool is_end(natsMsg* message, int& wanted);
  void handle(PulledEvent event);
  void handle_batch();
  void finish(const PulledEvent& event, Ack ack, const std::string& reason);
  Ack decide(const PulledEvent& event, std::string& reason);
  Ack failed(const PulledEvent& event, const std::exception& error, std::string& reason);
  bool has_failed(const PulledEvent& event) const;
  bool others_wait() const;
  void retry(const PulledEvent& event);
  void give_up(const PulledEvent& event, const std::string& reason);
  Reply<Empty> handle_again(const DeadEvent& event, std::string_view body);
  Ack run_handler(std::string_view subject, RawEvent& raw);
  bool handles(std::string_view subject) const;
  bool has_valid_signature(const PulledEvent& event);
  void refuse_forged(const PulledEvent& event);
  void settle(const PulledEvent& event);
  void put_back_rest();
  void pause(Milliseconds time);

  Bus& bus;
  const Stream stream;
  const ConsumerOptions options;
  const metrics::Labels labels;
  metrics::Counter handled;
  metrics::Counter retried;
  metrics::Counter forged;
  metrics::Gauge behind;
  const std::string prefix;  // of the inbox, with the last dot
  DeadLetterSender letters;
  metrics::Registry& registry;
  std::map<std::string, RawHandler, std::less<>> handlers;  // constant after start
  struct Batch {
    std::size_t limit = 1;
    RawBatchHandler handler;
  };
  std::map<std::string, Batch, std::less<>> batch_handlers;  // constant after start

  // Used only by the pulling thread:
  natsSubscription* inbox = nullptr;
  std::optional<RetryRequests> retries;
  std::string found_on;     // id of the nats-server that has the consumer; empty: must be looked for
  std::uint64_t pulls = 0;  // the number of the present pull; the last token of its reply subject
  Milliseconds absent_pause = kFirstAbsentPause;
  bool quiet = true;                           // the pull has brought no event yet
  std::map<std::uint64_t, Attempts> attempts;  // by sequence
  bool cautious = false;  // after a retry, pull one event at a time until one succeeds, so that few exceed their
                          // ack_wait
  std::vector<PulledEvent> batch_events;  // events of one subject for its batch handler

  Mutex mutex;
  Condition changed;
  bool stopping GUARDED_BY(mutex) = false;
  std::thread thread;

  bool is_stopping() {
    const MutexLock lock(mutex);
    return stopping;
  }
};

Consumer::Consumer(Bus& bus, Stream stream, ConsumerOptions options, metrics::Registry& metrics)
    : impl_(std::make_unique<Impl>(bus, stream, std::move(options), metrics)) {}

Consumer::~Consumer() {
  {
    const MutexLock lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->changed.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Consumer::on_raw(std::string subject, RawHandler handler) {
  check(!impl_->thread.joinable(), "a handler is set before the consumer starts");
  impl_->handlers.insert_or_assign(std::move(subject), std::move(handler));
}

void Consumer::on_batch_raw(std::string subject, std::size_t limit, RawBatchHandler handler) {
  check(!impl_->thread.joinable(), "a handler is set before the consumer starts");
  impl_->batch_handlers.insert_or_assign(std::move(subject), Impl::Batch{limit, std::move(handler)});
}

std::string Consumer::flaw_of(const Problem& problem) {
  std::string text = "cannot be decoded";
  if (!problem.errors.empty())
    return text + ": " + problem.errors.front().pointer + " " + problem.errors.front().detail;
  return problem.detail.empty() ? text : text + ": " + problem.detail;
}

void Consumer::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void Consumer::Impl::run() {
  const auto all = prefix + "*";
  auto& nats = bus.impl();
  if (natsConnection_SubscribeSync(&inbox, nats.connection, all.c_str()) != NATS_OK) {
    log::error("consumer_without_inbox", {{"consumer", options.name}});
    return;
  }
  natsSubscription_SetPendingLimits(inbox, -1, -1);
  retries.emplace(bus, stream, options.name, registry);
  while (!is_stopping()) {
    if (!bus.connected()) {
      pause(kStopCheckInterval);
      continue;
    }
    if (found_on.empty() || found_on != bus.server_id()) {
      if (!find()) {
        pause(absent_pause);
        absent_pause = std::min(absent_pause * 2, kMaxAbsentPause);
        continue;
      }
      absent_pause = kFirstAbsentPause;
    }
    if (!pull()) found_on.clear();
  }
  put_back_rest();
  note_missing(false);
  retries.reset();
  natsSubscription_Unsubscribe(inbox);
  natsSubscription_Destroy(inbox);
  nats_ReleaseThreadMemory();
}

bool Consumer::Impl::find() {
  const auto server = bus.server_id();
  found_on.clear();
  const auto state = jetstream::find_consumer(bus.impl(), stream, options.name, Deadline::after(kCallTimeout));
  if (!state) {
    if (jetstream::is_missing(state.error())) note_missing(true);  // otherwise JetStream does not answer
    return false;
  }
  note_missing(false);
  found_on = server;
  attempts.clear();
  behind.set(static_cast<double>(state->pending));
  log::info("consumer_found", {{"stream", stream.name}, {"consumer", options.name}, {"pending", state->pending}});
  return true;
}

// Logs a missing consumer once, each time that it starts to be missing.
void Consumer::Impl::note_missing(bool missing) {
  auto& nats = bus.impl();
  const auto name = std::string(stream.name) + "." + options.name;
  const MutexLock lock(nats.mutex);
  if (!missing) {
    nats.missing_consumers.erase(name);
  } else if (nats.missing_consumers.insert(name).second) {
    log::error("consumer_missing", {{"stream", stream.name}, {"consumer", options.name}});
  }
}

// Runs one pull request to its end. Returns false if the consumer does not exist any more.
bool Consumer::Impl::pull() {
  const auto expires = std::chrono::duration_cast<std::chrono::nanoseconds>(kPullTimeout).count();
  int wanted = cautious ? 1 : options.batch;
  quiet = true;
  const auto body = "{\"batch\":" + std::to_string(wanted) + ",\"expires\":" + std::to_string(expires) + "}";
  const auto subject = "$JS.API.CONSUMER.MSG.NEXT." + std::string(stream.name) + "." + options.name;
  if (bus.impl().publish(subject, prefix + std::to_string(++pulls), body, {}) != NATS_OK) {
    pause(kStopCheckInterval);
    return true;
  }
  const auto deadline = Deadline::after(kPullTimeout + kPullGrace);
  while (wanted > 0 && !deadline.passed()) {
    if (is_stopping() || !bus.connected() || bus.server_id() != found_on) break;
    // A batch is not delayed to become full: the handler gets the events that have arrived.
    if (!others_wait()) handle_batch();
    retries->serve([this](const DeadEvent& event, std::string_view bytes) { return handle_again(event, bytes); });
    if (!take_from(deadline, wanted)) {
      handle_batch();
      return false;
    }
  }
  handle_batch();
  if (is_stopping() || !bus.connected() || bus.server_id() != found_on) return true;
  return !quiet || is_there();
}

// Checks after a pull without events whether the consumer still exists. A consumer that was created while its stream
// was being removed accepts pulls but never delivers events (nats-server 2.9.10).
bool Consumer::Impl::is_there() {
  const auto state = jetstream::find_consumer(bus.impl(), stream, options.name, Deadline::after(kCallTimeout));
  return state || !jetstream::is_missing(state.error());
}

// Takes the next message of the inbox. Sets `wanted` to 0 if the pull has ended. Returns false if the consumer is gone.
bool Consumer::Impl::take_from(const Deadline& deadline, int& wanted) {
  natsMsg* next = nullptr;
  const auto status = natsSubscription_NextMsg(&next, inbox, deadline.within(kStopCheckInterval).remaining().count());
  MsgPtr message(next);
  if (status == NATS_TIMEOUT) return true;
  if (status == NATS_NO_RESPONDERS) return false;  // nobody serves the pull: no such consumer
  if (status != NATS_OK) {
    wanted = 0;
    pause(kStopCheckInterval);
    return true;
  }
  if (reply_of(message.get()).empty()) return is_end(message.get(), wanted);
  auto event = PulledEvent::from(std::move(message));
  if (!event || event->place().consumer != options.name) return true;
  --wanted;
  quiet = false;
  handle(std::move(*event));
  return true;
}

bool Consumer::Impl::has_failed(const PulledEvent& event) const {
  const auto found = attempts.find(event.place().info.sequence);
  return found != attempts.end() && found->second.failures > 0;
}

bool Consumer::Impl::others_wait() const {
  std::uint64_t queued = 0;
  return natsSubscription_QueuedMsgs(inbox, &queued) == NATS_OK && queued > 0;
}

// Handles a status message. Returns false if the consumer is gone.
bool Consumer::Impl::is_end(natsMsg* message, int& wanted) {
  if (subject_of(message) != prefix + std::to_string(pulls)) return true;
  const auto status = header_of(message, "Status");
  if (status == "100") return true;  // heartbeat
  wanted = 0;
  if (status == "404" || status == "408") return true;  // no messages; timeout
  const auto text = header_of(message, "Description");
  const bool gone = status == "503" || text.find("Deleted") != std::string_view::npos;
  if (!gone) {
    log::warning("pull_ended", {{"consumer", options.name}, {"status", status}, {"reason", text}});
    pause(kStopCheckInterval);
  }
  return !gone;
}

void Consumer::Impl::handle(PulledEvent event) {
  behind.set(static_cast<double>(event.place().pending));
  if (!has_valid_signature(event)) {
    const trace::Scope scope(trace_of(event));
    return refuse_forged(event);
  }
  if (const auto batch = batch_handlers.find(event.subject()); batch != batch_handlers.end()) {
    // An event that failed in a batch is handled alone, because it may have caused the other events to fail.
    const bool alone = has_failed(event);
    if (alone || (!batch_events.empty() && batch_events.front().subject() != event.subject())) handle_batch();
    batch_events.push_back(std::move(event));
    if (alone || batch_events.size() >= batch->second.limit) handle_batch();
    return;
  }
  // Keeps the order of the stream. Events without a handler are only acknowledged and do not end a batch.
  if (handlers.contains(event.subject())) handle_batch();
  const trace::Scope scope(trace_of(event));
  std::string reason;
  finish(event, decide(event, reason), reason);
}

// Every event of the batch gets its own Ack. An exception fails all of them; they are delivered again one at a time.
void Consumer::Impl::handle_batch() {
  if (batch_events.empty()) return;
  const auto events = std::exchange(batch_events, {});
  const auto& batch = batch_handlers.find(events.front().subject())->second;
  std::vector<RawEvent> raw;
  for (const auto& event : events) raw.push_back({event.body(), event.place().info, trace_of(event)});
  std::vector<Ack> acks;
  std::vector<std::string> reasons(events.size());
  try {
    acks = batch.handler(raw);
    check(acks.size() == events.size(), "a batch handler answers each of its events");
    for (std::size_t i = 0; i < events.size(); ++i) reasons[i] = raw[i].flaw.empty() ? kRefusedReason : raw[i].flaw;
  } catch (const std::exception& error) {
    acks.clear();
    for (std::size_t i = 0; i < events.size(); ++i) acks.push_back(failed(events[i], error, reasons[i]));
  }
  for (std::size_t i = 0; i < events.size(); ++i) finish(events[i], acks[i], reasons[i]);
}

void Consumer::Impl::finish(const PulledEvent& event, Ack ack, const std::string& reason) {
  switch (ack) {
    case Ack::done:
      handled.add();
      event.acknowledge(bus.impl());
      return settle(event);
    case Ack::retry: return retry(event);
    case Ack::reject: return give_up(event, reason);
  }
}

// Events without a handler here need no signature.
bool Consumer::Impl::has_valid_signature(const PulledEvent& event) {
  if (!handles(event.subject())) return true;
  return bus::has_valid_signature(bus.impl().keys, event.subject(), header_of(event.message(), headers::kMessageId),
                                  event.body(), header_of(event.message(), kSignatureHeader));
}

void Consumer::Impl::refuse_forged(const PulledEvent& event) {
  forged.add();
  report_forged(bus, {stream, options.name}, event);
  event.terminate(bus.impl());
  settle(event);
}

Ack Consumer::Impl::decide(const PulledEvent& event, std::string& reason) {
  if (!handlers.contains(event.subject())) return Ack::done;
  try {
    RawEvent raw{event.body(), event.place().info, trace::current()};
    const auto ack = run_handler(event.subject(), raw);
    reason = raw.flaw.empty() ? kRefusedReason : raw.flaw;
    return ack;
  } catch (const std::exception& error) {
    return failed(event, error, reason);
  }
}

Ack Consumer::Impl::failed(const PulledEvent& event, const std::exception& error, std::string& reason) {
  log::error("event_handler_failed",
             {{"subject", event.subject()}, {"sequence", event.place().info.sequence}, {"reason", error.what()}});
  auto& attempt = attempts[event.place().info.sequence];
  if (++attempt.failures < kMaxDeliveries) return Ack::retry;
  reason = "the handler failed " + std::to_string(attempt.failures) + " times: " + error.what();
  return Ack::reject;
}

void Consumer::Impl::retry(const PulledEvent& event) {
  retried.add();
  cautious = true;
  auto& attempt = attempts[event.place().info.sequence];
  const auto delay = std::min(kFirstRetryPause * (1 << std::min(attempt.retries, 5)), kMaxRetryPause);
  ++attempt.retries;
  if (attempts.size() > kMaxAttempts) attempts.erase(attempts.begin());
  event.retry_after(bus.impl(), delay);
}

// The letter is stored before the event is terminated. If the process dies in between, the event is delivered again and
// its letter is found. If the letter cannot be stored, the event stays in the stream. It is reported only once.
void Consumer::Impl::give_up(const PulledEvent& event, const std::string& reason) {
  const bool reported = std::exchange(attempts[event.place().info.sequence].reported, true);
  if (!reported) report_poison(bus, {stream, options.name}, event, reason);
  if (!letters.store(event, reason)) return retry(event);
  event.terminate(bus.impl());
  settle(event);
}

bool Consumer::Impl::handles(std::string_view subject) const {
  return handlers.contains(subject) || batch_handlers.contains(subject);
}

// Calls the handler of a subject that has one, with one event.
Ack Consumer::Impl::run_handler(std::string_view subject, RawEvent& raw) {
  if (const auto found = handlers.find(subject); found != handlers.end()) return found->second(raw);
  std::vector<RawEvent> one{std::move(raw)};
  const auto acks = batch_handlers.find(subject)->second.handler(one);
  raw = std::move(one.front());
  return acks.at(0);
}

Reply<Empty> Consumer::Impl::handle_again(const DeadEvent& event, std::string_view body) {
  if (!handles(event.subject)) return refuse(Code::not_found, "this consumer has no handler for the subject");
  if (!bus::has_valid_signature(bus.impl().keys, event.subject, event.message_id, body, event.signature)) {
    return refuse(Code::forbidden, "the signature is not valid");
  }
  RawEvent raw{body, {event.sequence, 1, event.stored_at}, trace::current()};
  try {
    switch (run_handler(event.subject, raw)) {
      case Ack::done: handled.add(); return Empty{};
      case Ack::retry: return refuse(Code::unavailable, "the handler cannot handle it now");
      case Ack::reject: return refuse(Code::invalid_fields, raw.flaw.empty() ? kRefusedReason : raw.flaw);
    }
  } catch (const std::exception& error) {
    log::error("event_handler_failed",
               {{"subject", event.subject}, {"sequence", event.sequence}, {"reason", error.what()}});
    return refuse(Code::internal_error, std::string("the handler failed: ") + error.what());
  }
  return refuse(Code::internal_error);
}

// Forgets an event that was acknowledged or terminated.
void Consumer::Impl::settle(const PulledEvent& event) {
  cautious = false;
  attempts.erase(event.place().info.sequence);
}

// Puts back the events that were delivered but not started, so that another instance gets them immediately.
void Consumer::Impl::put_back_rest() {
  natsMsg* next = nullptr;
  while (natsSubscription_NextMsg(&next, inbox, 1) == NATS_OK) {
    if (const auto event = PulledEvent::from(MsgPtr(next))) event->retry_after(bus.impl(), Milliseconds{1});
    next = nullptr;
  }
}

void Consumer::Impl::pause(Milliseconds time) {
  MutexLock lock(mutex);
  changed.wait_for(lock, time, [this]() REQUIRES(mutex) { return stopping; });
}

}  // namespace mm::bus
