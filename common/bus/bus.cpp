#include "common/bus/bus.h"

#include <algorithm>
#include <iterator>
#include <thread>

#include "common/base/mutex.h"
#include "common/bus/bus_impl.h"
#include "common/bus/reply_mux.h"
#include "common/runtime/log.h"

namespace mm::bus {
namespace {

// Number of library threads that run callbacks, for all subscriptions of the process. Callbacks only pass messages on.
constexpr int kDeliveryThreads = 4;
constexpr Milliseconds kConnectTimeout{2'000};
constexpr Milliseconds kConnectPause{250};
constexpr Milliseconds kReportInterval{5'000};

void on_disconnected(natsConnection*, void* self) {
  auto& bus = *static_cast<Bus::Impl*>(self);
  bus.up.set(0);
  if (!bus.closing) log::warning("nats_disconnected");
  const MutexLock lock(bus.listening);
  for (const auto& listener : bus.listeners) listener();
}

void on_reconnected(natsConnection*, void* self) {
  auto& bus = *static_cast<Bus::Impl*>(self);
  bus.up.set(1);
  bus.reconnects.add();
  ++bus.reconnections;
  bus.async_errors.forget();
  log::info("nats_reconnected");
}

void on_closed(natsConnection*, void* self) {
  auto& bus = *static_cast<Bus::Impl*>(self);
  if (!bus.closing) log::error("nats_connection_closed");
  // Notify under the lock, because the waiting destructor frees the Bus as soon as it gets the lock.
  const MutexLock lock(bus.mutex);
  --bus.open_connections;
  bus.changed.notify_all();
}

void on_error(natsConnection*, natsSubscription*, natsStatus status, void* self) {
  auto& bus = *static_cast<Bus::Impl*>(self);
  // On the thread that calls this function, nats.c keeps the server's error text, with the subject, as the last error.
  natsStatus last = NATS_OK;
  const char* text = nats_GetLastError(&last);
  bus.async_errors.report(status, last == status && text != nullptr ? text : "");
}

OptionsPtr make_options(const Options& wanted, Bus::Impl* self) {
  natsOptions* made = nullptr;
  if (natsOptions_Create(&made) != NATS_OK) return nullptr;
  OptionsPtr options(made);
  const natsStatus results[] = {
      natsOptions_SetURL(made, wanted.url.c_str()),
      natsOptions_SetName(made, wanted.name.c_str()),
      wanted.password.empty() ? NATS_OK : natsOptions_SetUserInfo(made, wanted.user.c_str(), wanted.password.c_str()),
      natsOptions_SetTimeout(made, kConnectTimeout.count()),
      natsOptions_SetMaxReconnect(made, -1),
      natsOptions_SetReconnectWait(made, 250),
      natsOptions_SetReconnectJitter(made, 250, 250),
      // No send buffer while disconnected: a publish fails immediately instead.
      natsOptions_SetReconnectBufSize(made, 0),
      natsOptions_SetPingInterval(made, 5'000),
      natsOptions_SetMaxPingsOut(made, 2),
      natsOptions_SetWriteDeadline(made, 1'000),
      natsOptions_SetSendAsap(made, true),
      natsOptions_SetFailRequestsOnDisconnect(made, true),
      natsOptions_UseGlobalMessageDelivery(made, true),
      natsOptions_SetDisconnectedCB(made, on_disconnected, self),
      natsOptions_SetReconnectedCB(made, on_reconnected, self),
      natsOptions_SetClosedCB(made, on_closed, self),
      natsOptions_SetErrorHandler(made, on_error, self),
  };
  for (const auto result : results) {
    if (result != NATS_OK) return nullptr;
  }
  return options;
}

/// Options of the connection that collects answers: the library's own thread writes them, at most a millisecond later.
/// Only errors of this connection are reported, no changes of its state.
OptionsPtr with_send_buffer(OptionsPtr options) {
  if (!options) return options;
  auto* const made = options.get();
  const natsStatus results[] = {
      natsOptions_SetSendAsap(made, false),
      natsOptions_SetDisconnectedCB(made, nullptr, nullptr),
      natsOptions_SetReconnectedCB(made, nullptr, nullptr),
  };
  const bool well = std::all_of(std::begin(results), std::end(results), [](natsStatus s) { return s == NATS_OK; });
  return well ? std::move(options) : nullptr;
}

}  // namespace

Result<std::unique_ptr<Bus>, std::string> Bus::connect(const Options& options, metrics::Registry& metrics,
                                                       Deadline deadline) {
  nats_SetMessageDeliveryPoolSize(kDeliveryThreads);
  auto impl = std::make_unique<Impl>(options, metrics);
  const auto settings = make_options(options, impl.get());
  if (!settings) return fail(std::string("the address of NATS is not valid"));
  auto report_at = std::chrono::steady_clock::now() + kReportInterval;
  while (true) {
    const auto status = natsConnection_Connect(&impl->connection, settings.get());
    if (status == NATS_OK) break;
    impl->connection = nullptr;
    if (deadline.remaining() <= kConnectPause) return fail("NATS: " + std::string(natsStatus_GetText(status)));
    if (std::chrono::steady_clock::now() >= report_at) {
      log::warning("nats_unreachable", {{"reason", natsStatus_GetText(status)}});
      report_at += kReportInterval;
    }
    std::this_thread::sleep_for(kConnectPause);
  }
  {
    const MutexLock lock(impl->mutex);
    ++impl->open_connections;
  }
  impl->up.set(1);
  impl->buffered_options = with_send_buffer(make_options(options, impl.get()));
  return std::unique_ptr<Bus>(new Bus(std::move(impl)));
}

Bus::Bus(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bus::~Bus() = default;

Reply<std::string> Bus::request(std::string_view subject, std::string_view body, const Caller& caller,
                                Deadline deadline) {
  const auto& trace = trace::current();
  const auto headers = headers_of(caller, deadline, trace.none() ? trace : trace::child_of(trace));
  MsgPtr answer;
  const auto status = impl_->request(subject, body, headers, deadline, answer);
  return answer_of(status, answer.get());
}

Result<Done, std::string> Bus::publish(std::string_view subject, std::string_view body) {
  HeaderList headers;
  if (const auto& trace = trace::current(); !trace.none()) {
    headers.emplace_back(headers::kTraceparent, trace::child_of(trace).traceparent());
  }
  const auto status = impl_->publish(subject, {}, body, headers);
  if (status != NATS_OK) return fail(std::string(natsStatus_GetText(status)));
  return Done{};
}

namespace {

HeaderList event_headers(const EventKeys& keys, const Bus::Outgoing& event) {
  HeaderList headers{{headers::kMessageId, event.message_id}};
  if (!event.trace.none()) headers.emplace_back(headers::kTraceparent, event.trace.traceparent());
  if (keys.own) {
    headers.emplace_back(kSignatureHeader, sign_event(*keys.own, event.subject, event.message_id, event.body));
  }
  return headers;
}

}  // namespace

// The server's id is read before sending. If the connection moves to another server in between, the event is recorded
// as stored on the earlier server, and the only consequence is that it is sent again.
Result<Stored, std::string> Bus::store(std::string_view subject, std::string_view body, const std::string& message_id,
                                       const trace::Context& trace, Deadline deadline) {
  const auto id = server_id();
  MsgPtr answer;
  const Outgoing event{subject, std::string(body), message_id, trace};
  const auto status = impl_->request(subject, body, event_headers(impl_->keys, event), deadline, answer);
  return stored_of(status, answer.get(), id);
}

std::vector<Result<Stored, std::string>> Bus::store_all(const std::vector<Outgoing>& events, Deadline deadline) {
  struct Collected {
    Mutex mutex;
    Condition changed;
    std::vector<std::optional<Result<Stored, std::string>>> results GUARDED_BY(mutex);
    std::size_t missing GUARDED_BY(mutex);
    explicit Collected(std::size_t count) : results(count), missing(count) {}
  } collected(events.size());

  const auto id = server_id();
  auto& mux = impl_->mux();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i];
    mux.send(event.subject, event.body, event_headers(impl_->keys, event), deadline,
             [&collected, &id, this, i](natsStatus status, const MsgPtr& message) {
               impl_->count(status);
               auto result = stored_of(status, message.get(), id);
               const MutexLock lock(collected.mutex);
               collected.results[i].emplace(std::move(result));
               if (--collected.missing == 0) collected.changed.notify_all();
             });
  }
  // Every handler is called, at the latest at the deadline, so no handler runs after `collected` is destroyed.
  MutexLock lock(collected.mutex);
  collected.changed.wait(lock, [&]() REQUIRES(collected.mutex) { return collected.missing == 0; });
  std::vector<Result<Stored, std::string>> results;
  results.reserve(events.size());
  for (auto& result : collected.results) results.push_back(std::move(*result));
  return results;
}

bool Bus::connected() const {
  auto* const second = impl_->buffered.load();
  return natsConnection_Status(impl_->connection) == NATS_CONN_STATUS_CONNECTED &&
         (second == nullptr || natsConnection_Status(second) == NATS_CONN_STATUS_CONNECTED);
}

std::uint64_t Bus::reconnections() const { return impl_->reconnections; }

bool Bus::closed() const { return natsConnection_IsClosed(impl_->connection); }

bool Bus::refused() const { return impl_->async_errors.needed_subject_refused(); }

std::vector<std::string> Bus::missing_consumers() const {
  const MutexLock lock(impl_->mutex);
  return {impl_->missing_consumers.begin(), impl_->missing_consumers.end()};
}

std::string Bus::server_id() const {
  char id[128] = "";
  if (natsConnection_GetConnectedServerId(impl_->connection, id, sizeof id) != NATS_OK) return {};
  return id;
}

void Bus::count_undecodable(std::string_view subject) {
  const MutexLock lock(impl_->mutex);
  auto found = impl_->undecodable.find(subject);
  if (found == impl_->undecodable.end()) {
    const auto counter = impl_->registry.counter("mm_bus_undecodable_total", "Plain events that could not be decoded",
                                                 {{"subject", std::string(subject)}});
    found = impl_->undecodable.emplace(subject, counter).first;
  }
  found->second.add();
}

struct Subscription::Impl {
  CallbackSubscription subscription;
};

Subscription::Subscription(Bus& bus, const std::string& subject, const std::string& queue, Handler handler)
    : impl_(new Impl{
          {bus.impl().connection, subject, queue, [handler = std::move(handler)](MsgPtr message) {
             const auto parent = trace::parse_traceparent(header_of(message.get(), headers::kTraceparent));
             const trace::Scope scope(parent ? trace::child_of(*parent) : trace::new_trace());
             try {
               handler(subject_of(message.get()), body_of(message.get()));
             } catch (const std::exception& error) {
               log::error("event_handler_failed", {{"subject", subject_of(message.get())}, {"reason", error.what()}});
             }
           }}}) {
  // After the flush the server has the subscription, so later messages are not missed.
  bus.impl().flush(Milliseconds{2'000});
}
Subscription::~Subscription() = default;

}  // namespace mm::bus
