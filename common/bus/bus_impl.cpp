#include "common/bus/bus_impl.h"

#include <sys/random.h>

#include <vector>

#include "common/base/mutex.h"
#include "common/bus/reply_mux.h"
#include "common/contracts/bus_rights.h"
#include "common/runtime/log.h"
#include "common/wire/problem_json.h"

namespace mm::bus {
namespace {

constexpr std::string_view kFailures = "mm_bus_calls_unanswered_total";

metrics::Counter failures(metrics::Registry& registry, const char* reason) {
  return registry.counter(std::string(kFailures), "Outgoing requests that got no answer", {{"reason", reason}});
}

struct PubAck {
  struct Refusal {
    std::string description;
  };
  std::string stream;
  std::uint64_t seq = 0;
  bool duplicate = false;
  std::optional<Refusal> error;
};
template <class F>
void describe(F& f, PubAck::Refusal& m) {
  f("description", m.description, fields::Optional{});
}
template <class F>
void describe(F& f, PubAck& m) {
  using fields::Optional;
  f("stream", m.stream, Optional{});
  f("seq", m.seq, Optional{});
  f("duplicate", m.duplicate, Optional{});
  f("error", m.error);
}

}  // namespace

bool is_subject(std::string_view text) {
  if (text.empty() || text.size() > 200 || text.front() == '.' || text.back() == '.') return false;
  char before = 0;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '.' && c != '_' && c != '-' && c != '$') return false;
    if (c == '.' && before == '.') return false;
    before = c;
  }
  return true;
}

std::string random_word() {
  constexpr char kDigits[] = "0123456789abcdef";
  unsigned char bytes[16];
  check(::getrandom(bytes, sizeof bytes, 0) == sizeof bytes, "the operating system returned no random bytes");
  std::string word;
  word.reserve(2 * sizeof bytes);
  for (const auto byte : bytes) {
    word += kDigits[byte >> 4];
    word += kDigits[byte & 15];
  }
  return word;
}

bool is_inbox(std::string_view reply) { return reply.starts_with("_INBOX"); }

Reply<std::string> answer_of(natsStatus status, natsMsg* message) {
  switch (status) {
    case NATS_OK: break;
    case NATS_TIMEOUT: return refuse(Code::deadline_exceeded);
    case NATS_MAX_PAYLOAD: return refuse(Code::payload_too_large);
    default: return refuse(Code::unavailable);
  }
  if (header_of(message, headers::kServiceErrorCode).empty() && header_of(message, headers::kServiceError).empty()) {
    return std::string(body_of(message));
  }
  return fail(wire::decode_problem(body_of(message)));
}

Result<Stored, std::string> stored_of(natsStatus status, natsMsg* message, const std::string& server_id) {
  if (status == NATS_NO_RESPONDERS) return fail(std::string("no stream stores this subject"));
  if (status != NATS_OK) return fail(std::string(natsStatus_GetText(status)));
  auto ack = wire::decode<PubAck>(body_of(message), wire::Unknown::ignored, Bus::kTrusted);
  if (!ack) return fail(std::string("the confirmation cannot be decoded"));
  if (ack->error) return fail(std::move(ack->error->description));
  if (ack->seq == 0) return fail(std::string("the confirmation has no sequence"));
  return Stored{ack->seq, ack->duplicate, server_id};
}

Bus::Impl::Impl(const Options& options, metrics::Registry& r)
    : user(options.user),
      inbox_prefix(rights::inbox_prefix(options.user)),
      keys(options.keys),
      registry(r),
      up(r.gauge("mm_bus_connected", "1 while connected to NATS")),
      reconnects(r.counter("mm_bus_reconnects_total", "Reconnections to NATS")),
      without_responder(failures(r, "no_responder")),
      timed_out(failures(r, "timeout")),
      disconnected(failures(r, "disconnected")),
      async_errors(r, options.name,
                   [this](std::string_view subject, std::string_view body) { (void)publish(subject, {}, body, {}); }) {}

Bus::Impl::~Impl() {
  reply_mux.reset();
  if (connection == nullptr) return;
  closing = true;
  flush(Milliseconds{500});
  auto* const second = buffered.load();
  if (second != nullptr) natsConnection_Close(second);
  natsConnection_Close(connection);
  {
    // The closed callback is the last callback of a connection. After it the library does not use this object.
    MutexLock lock(mutex);
    changed.wait(lock, [this]() REQUIRES(mutex) { return open_connections == 0; });
  }
  natsConnection_Destroy(second);
  natsConnection_Destroy(connection);
}

natsStatus Bus::Impl::publish(std::string_view subject, std::string_view reply, std::string_view body,
                              const HeaderList& header_list) {
  if (!is_subject(subject)) return NATS_INVALID_SUBJECT;
  return send(connection, std::string(subject), std::string(reply), body, header_list);
}

natsStatus Bus::Impl::publish_reply(natsConnection* over, std::string_view reply, std::string_view body,
                                    const HeaderList& header_list) {
  return send(over, std::string(reply), {}, body, header_list);
}

// nats.c has no call that only writes the buffer, so this also waits for the server to read it. The wait is short,
// because the library's own thread writes whatever is left.
void Bus::Impl::flush_buffered() {
  constexpr std::int64_t kFlushTimeoutMs = 5;
  if (auto* const over = buffered.load(); over != nullptr) natsConnection_FlushTimeout(over, kFlushTimeoutMs);
}

natsConnection* Bus::Impl::buffered_connection() {
  const MutexLock lock(mutex);
  if (buffered != nullptr) return buffered;
  natsConnection* made = nullptr;
  if (!buffered_options || natsConnection_Connect(&made, buffered_options.get()) != NATS_OK) return connection;
  ++open_connections;
  buffered = made;
  return made;
}

natsStatus Bus::Impl::send(natsConnection* over, const std::string& subject, const std::string& reply,
                           std::string_view body, const HeaderList& header_list) {
  if (body.size() > limits::kMaxBusBodyBytes) return NATS_MAX_PAYLOAD;
  if (natsConnection_Status(over) != NATS_CONN_STATUS_CONNECTED) return NATS_CONNECTION_DISCONNECTED;
  natsMsg* made = nullptr;
  auto status = natsMsg_Create(&made, subject.c_str(), reply.empty() ? nullptr : reply.c_str(), body.data(),
                               static_cast<int>(body.size()));
  const MsgPtr message(made);
  for (const auto& [name, value] : header_list) {
    if (status == NATS_OK) status = natsMsgHeader_Set(message.get(), name.c_str(), value.c_str());
  }
  return status == NATS_OK ? natsConnection_PublishMsg(over, message.get()) : status;
}

natsStatus Bus::Impl::request(std::string_view subject, std::string_view body, const HeaderList& header_list,
                              Deadline deadline, MsgPtr& answer) {
  if (!is_subject(subject)) return NATS_INVALID_SUBJECT;
  if (body.size() > limits::kMaxBusBodyBytes) return NATS_MAX_PAYLOAD;
  const auto remaining = deadline.remaining();
  if (remaining.count() == 0) return NATS_TIMEOUT;
  if (natsConnection_Status(connection) != NATS_CONN_STATUS_CONNECTED) {
    count(NATS_CONNECTION_DISCONNECTED);
    return NATS_CONNECTION_DISCONNECTED;
  }
  struct Waiting {
    Mutex mutex;
    Condition changed;
    std::optional<natsStatus> status GUARDED_BY(mutex);
    MsgPtr answer GUARDED_BY(mutex);
  } waiting;
  mux().send(subject, body, header_list, deadline, [&waiting](natsStatus status, MsgPtr message) {
    // Notify under the lock, because the waiter destroys `waiting` as soon as it gets the lock.
    const MutexLock lock(waiting.mutex);
    waiting.status = status;
    waiting.answer = std::move(message);
    waiting.changed.notify_all();
  });
  // The handler is called once, at the latest at the deadline, so it does not run after `waiting` is destroyed.
  MutexLock lock(waiting.mutex);
  waiting.changed.wait(lock, [&]() REQUIRES(waiting.mutex) { return waiting.status.has_value(); });
  answer = std::move(waiting.answer);
  count(*waiting.status);
  return *waiting.status;
}

void Bus::Impl::flush(Milliseconds within) {
  for (auto* const one : {buffered.load(), connection}) {
    if (one == nullptr || natsConnection_Status(one) != NATS_CONN_STATUS_CONNECTED) continue;
    natsConnection_FlushTimeout(one, within.count());
  }
}

void Bus::Impl::count(natsStatus status) {
  switch (status) {
    case NATS_OK: return;
    case NATS_NO_RESPONDERS: return without_responder.add();
    case NATS_TIMEOUT: return timed_out.add();
    default: return disconnected.add();
  }
}

ReplyMux& Bus::Impl::mux() {
  const MutexLock lock(mutex);
  if (!reply_mux) reply_mux = std::make_unique<ReplyMux>(*this);
  return *reply_mux;
}

std::list<Bus::Impl::Listener>::iterator Bus::Impl::listen(Listener listener) {
  const MutexLock lock(listening);
  return listeners.insert(listeners.end(), std::move(listener));
}

void Bus::Impl::forget(std::list<Listener>::iterator listener) {
  const MutexLock lock(listening);
  listeners.erase(listener);
}

std::string Bus::Impl::new_inbox() const { return inbox_prefix + "." + random_word(); }

}  // namespace mm::bus
