#include "services/gateway/net/async_redis.h"

#include <hiredis/async.h>
#include <netdb.h>

#include <charconv>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/gateway/net/net.h"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "common/runtime/log.h"

namespace mm::gateway {

using storage::Arguments;
using storage::RedisError;
using storage::RedisReply;
using storage::RedisResult;

namespace {

constexpr Milliseconds kFirstBackoff{50};
constexpr Milliseconds kMaxBackoff{500};
/// Timeout of the first commands on a connection. Longer than `stall_timeout`: when a stalled server recovers, the
/// pending connection is usable at once.
constexpr Milliseconds kHandshakeTimeout{30'000};

// The event hooks of hiredis, implemented with an Asio descriptor. hiredis owns the file descriptor, so it is released
// and never closed here. Pending handlers keep the Watch alive; `context` is null after hiredis has called the cleanup
// hook.
struct Watch : std::enable_shared_from_this<Watch> {
  using Descriptor = net::posix::basic_stream_descriptor<net::io_context::executor_type>;

  Watch(net::io_context& io, redisAsyncContext* made) : descriptor(io, made->c.fd), context(made) {}

  Descriptor descriptor;
  redisAsyncContext* context;
  bool reading = false, wants_read = false;
  bool writing = false, wants_write = false;

  void read() {
    wants_read = true;
    if (reading) return;
    reading = true;
    descriptor.async_wait(Descriptor::wait_read, [self = shared_from_this()](error_code error) {
      self->reading = false;
      if (error || self->context == nullptr) return;
      redisAsyncHandleRead(self->context);
      if (self->context != nullptr && self->wants_read) self->read();
    });
  }

  void write() {
    wants_write = true;
    if (writing) return;
    writing = true;
    descriptor.async_wait(Descriptor::wait_write, [self = shared_from_this()](error_code error) {
      self->writing = false;
      if (error || self->context == nullptr) return;
      if (self->wants_write) redisAsyncHandleWrite(self->context);
      if (self->context != nullptr && self->wants_write) self->write();
    });
  }

  void release() {
    context = nullptr;
    descriptor.release();
  }
};

Watch& watch_of(void* data) { return **static_cast<std::shared_ptr<Watch>*>(data); }

RedisReply converted(const redisReply& reply) {
  RedisReply out;
  switch (reply.type) {
    case REDIS_REPLY_NIL: out.kind = RedisReply::Kind::nil; break;
    case REDIS_REPLY_INTEGER:
      out.kind = RedisReply::Kind::integer;
      out.integer = reply.integer;
      break;
    case REDIS_REPLY_ARRAY:
      out.kind = RedisReply::Kind::array;
      out.items.reserve(reply.elements);
      for (std::size_t i = 0; i < reply.elements; ++i) out.items.push_back(converted(*reply.element[i]));
      break;
    default:
      out.kind = reply.type == REDIS_REPLY_STATUS  ? RedisReply::Kind::status
                 : reply.type == REDIS_REPLY_ERROR ? RedisReply::Kind::error
                                                   : RedisReply::Kind::text;
      out.text.assign(reply.str, reply.len);
  }
  return out;
}

Arguments script_call(const char* verb, const std::string& what, const Arguments& keys, const Arguments& arguments) {
  Arguments out{verb, what, std::to_string(keys.size())};
  out.insert(out.end(), keys.begin(), keys.end());
  out.insert(out.end(), arguments.begin(), arguments.end());
  return out;
}

struct Call {
  AsyncRedis::Handler handler;
  SteadyPoint deadline;
  Arguments with_source;  // for a script: the same call as EVAL, sent if the server does not know the script's hash
};

}  // namespace

struct AsyncRedis::Impl {
  Impl(Loop& the_loop, RedisTarget the_target, std::string the_name, Milliseconds the_stall_timeout)
      : loop(the_loop), target(std::move(the_target)), name(std::move(the_name)), stall_timeout(the_stall_timeout) {}

  Loop& loop;
  RedisTarget target;
  std::string name;
  Milliseconds stall_timeout;

  redisAsyncContext* context = nullptr;
  std::vector<redisAsyncContext*> closed;  // freed at the next tick, because a callback of theirs may be running now
  std::atomic<bool> usable{false};
  std::uint64_t times_usable = 0;
  bool was_usable = true;
  bool reached = false;  // the TCP connection is established
  Milliseconds backoff = kFirstBackoff;
  SteadyPoint next_try{};

  std::uint64_t last_id = 0;
  std::unordered_map<std::uint64_t, Call> calls;
  std::deque<SteadyPoint> in_flight;  // send times of the commands without a reply, in the order of the replies

  void connect();
  void handshake();
  void on_lost(const char* why);
  void drop(const char* why);
  void free_closed();
  void send(std::uint64_t id, const Arguments& arguments);
  void start_call(Arguments arguments, Arguments with_source, Milliseconds timeout, Handler handler);
  void answered(std::uint64_t id, redisReply* reply);
  void fail_later(Handler handler, std::string why);

  static Impl& of(const redisAsyncContext* context) { return *static_cast<Impl*>(context->data); }
};

void AsyncRedis::Impl::connect() {
  auto* made = redisAsyncConnect(target.address.c_str(), target.port);
  if (made == nullptr || made->err != 0) {
    if (made != nullptr) redisAsyncFree(made);
    return on_lost("cannot connect");
  }
  context = made;
  reached = false;
  made->data = this;
  auto* watch = new std::shared_ptr<Watch>(std::make_shared<Watch>(loop.context(), made));
  made->ev.data = watch;
  made->ev.addRead = [](void* data) { watch_of(data).read(); };
  made->ev.delRead = [](void* data) { watch_of(data).wants_read = false; };
  made->ev.addWrite = [](void* data) { watch_of(data).write(); };
  made->ev.delWrite = [](void* data) { watch_of(data).wants_write = false; };
  made->ev.cleanup = [](void* data) {
    auto* owned = static_cast<std::shared_ptr<Watch>*>(data);
    (*owned)->release();
    delete owned;
  };
  redisAsyncSetDisconnectCallback(made, [](const redisAsyncContext* gone, int) {
    auto& self = of(gone);
    if (self.context == gone) self.context = nullptr, self.on_lost("disconnected");
  });
  redisAsyncSetConnectCallback(made, [](const redisAsyncContext* tried, int status) {
    auto& self = of(tried);
    if (status == REDIS_OK) return void(self.reached = true);
    if (self.context == tried) self.context = nullptr, self.on_lost("cannot connect");  // hiredis frees it
  });
  handshake();
}

// Sends AUTH, SELECT and PING. The connection is usable after the reply to PING; a refusal drops the connection.
void AsyncRedis::Impl::handshake() {
  const auto expect_ok = [this](RedisResult<RedisReply> reply, bool last) {
    if (!reply) {
      if (!reply.error().refused) return;  // the connection was lost; `on_lost` has handled this
      log::warning("redis_refused", {{"redis", name}});
      if (context != nullptr) drop("refused");
    } else if (last) {
      usable = true;
      ++times_usable;
      backoff = kFirstBackoff;
      if (!was_usable) log::info("redis_back", {{"redis", name}});
      if (!was_usable && target.breaker_changed) target.breaker_changed(false);
      was_usable = true;
    }
  };
  const auto first = [&](Arguments arguments, bool last) {
    const auto id = ++last_id;
    calls.emplace(id, Call{[expect_ok, last](auto reply) { expect_ok(std::move(reply), last); },
                           std::chrono::steady_clock::now() + kHandshakeTimeout,
                           {}});
    send(id, arguments);
  };
  if (!target.password.empty()) {
    first(target.user.empty() ? Arguments{"AUTH", target.password} : Arguments{"AUTH", target.user, target.password},
          false);
  }
  if (target.database != 0) first({"SELECT", std::to_string(target.database)}, false);
  first({"PING"}, true);
}

void AsyncRedis::Impl::on_lost(const char* why) {
  usable = false;
  if (was_usable) log::warning("redis_lost", {{"redis", name}, {"reason", why}});
  if (was_usable && target.breaker_changed) target.breaker_changed(true);
  was_usable = false;
  in_flight.clear();
  next_try = std::chrono::steady_clock::now() + backoff;
  backoff = std::min(backoff * 2, kMaxBackoff);
}

void AsyncRedis::Impl::drop(const char* why) {
  auto* old = std::exchange(context, nullptr);
  on_lost(why);
  closed.push_back(old);
}

void AsyncRedis::Impl::free_closed() {
  for (auto* old : std::exchange(closed, {})) redisAsyncFree(old);
}

void AsyncRedis::Impl::send(std::uint64_t id, const Arguments& arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> lengths;
  for (const auto& argument : arguments) {
    texts.push_back(argument.data());
    lengths.push_back(argument.size());
  }
  in_flight.push_back(std::chrono::steady_clock::now());
  const auto on_reply = [](redisAsyncContext* from, void* reply, void* data) {
    auto& self = of(from);
    if (self.context == from && !self.in_flight.empty()) self.in_flight.pop_front();
    self.answered(reinterpret_cast<std::uintptr_t>(data), static_cast<redisReply*>(reply));
  };
  redisAsyncCommandArgv(context, on_reply, reinterpret_cast<void*>(static_cast<std::uintptr_t>(id)),
                        static_cast<int>(texts.size()), texts.data(), lengths.data());
}

void AsyncRedis::Impl::start_call(Arguments arguments, Arguments with_source, Milliseconds timeout, Handler handler) {
  if (!usable || context == nullptr) return fail_later(std::move(handler), "no connection");
  const auto id = ++last_id;
  calls.emplace(id, Call{std::move(handler), std::chrono::steady_clock::now() + timeout, std::move(with_source)});
  send(id, arguments);
}

void AsyncRedis::Impl::answered(std::uint64_t id, redisReply* reply) {
  auto found = calls.find(id);
  if (found == calls.end()) return;  // the call has timed out already
  auto call = std::move(found->second);
  calls.erase(found);
  // Without a reply, hiredis is closing the connection, and no new command may be sent from inside this callback.
  if (reply == nullptr) return fail_later(std::move(call.handler), "connection lost");
  auto result = converted(*reply);
  if (result.kind != RedisReply::Kind::error) return call.handler(std::move(result));
  if (!call.with_source.empty() && result.text.starts_with("NOSCRIPT") && context != nullptr) {
    const auto again = ++last_id;
    const auto arguments = std::exchange(call.with_source, {});
    calls.emplace(again, std::move(call));
    return send(again, arguments);
  }
  call.handler(fail(RedisError{true, std::move(result.text)}));
}

void AsyncRedis::Impl::fail_later(Handler handler, std::string why) {
  loop.post([handler = std::move(handler), why = std::move(why)] { handler(fail(RedisError{false, why})); });
}

AsyncRedis::AsyncRedis(Loop& loop, RedisTarget target, std::string name, Milliseconds stall_timeout)
    : impl_(std::make_unique<Impl>(loop, std::move(target), std::move(name), stall_timeout)) {}

AsyncRedis::~AsyncRedis() { close(); }

void AsyncRedis::close() {
  impl_->usable = false;
  impl_->calls.clear();
  impl_->free_closed();
  if (auto* old = std::exchange(impl_->context, nullptr)) redisAsyncFree(old);
}

void AsyncRedis::command(Arguments arguments, Milliseconds timeout, Handler handler) {
  impl_->start_call(std::move(arguments), {}, timeout, std::move(handler));
}

void AsyncRedis::eval(const storage::Script& script, const Arguments& keys, const Arguments& arguments,
                      Milliseconds timeout, Handler handler) {
  impl_->start_call(script_call("EVALSHA", script.sha1(), keys, arguments),
                    script_call("EVAL", std::string(script.source()), keys, arguments), timeout, std::move(handler));
}

bool AsyncRedis::connected() const { return impl_->usable; }

std::uint64_t AsyncRedis::connections() const { return impl_->times_usable; }

void AsyncRedis::tick(SteadyPoint now) {
  auto& self = *impl_;
  self.free_closed();
  if (self.context == nullptr && now >= self.next_try) self.connect();
  std::vector<Handler> late;
  for (auto it = self.calls.begin(); it != self.calls.end();) {
    if (it->second.deadline > now) {
      ++it;
      continue;
    }
    late.push_back(std::move(it->second.handler));
    it = self.calls.erase(it);
  }
  const auto timeout = self.reached && !self.usable ? kHandshakeTimeout : self.stall_timeout;
  if (self.context != nullptr && !self.in_flight.empty() && now - self.in_flight.front() > timeout)
    self.drop("stalled");
  for (auto& handler : late) handler(fail(RedisError{false, "no answer in time"}));
}

Result<RedisTarget, std::string> resolve_redis(std::string_view url, std::string password) {
  RedisTarget out;
  out.password = std::move(password);
  constexpr std::string_view kScheme = "redis://";
  if (!url.starts_with(kScheme)) return fail(std::string("a Redis URL starts with redis://"));
  url.remove_prefix(kScheme.size());
  if (const auto slash = url.find('/'); slash != std::string_view::npos) {
    const auto number = url.substr(slash + 1);
    std::from_chars(number.data(), number.data() + number.size(), out.database);
    url = url.substr(0, slash);
  }
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    out.user = url.substr(0, at);
    url.remove_prefix(at + 1);
  }
  if (const auto colon = url.rfind(':'); colon != std::string_view::npos) {
    const auto number = url.substr(colon + 1);
    std::from_chars(number.data(), number.data() + number.size(), out.port);
    url = url.substr(0, colon);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string host(url);
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) {
    return fail("the host of a Redis URL is unknown: " + host);
  }
  char text[NI_MAXHOST] = {};
  getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  freeaddrinfo(found);
  out.address = text;
  return out;
}

}  // namespace mm::gateway
