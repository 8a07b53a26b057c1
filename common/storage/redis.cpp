#include "common/storage/redis.h"

#include <openssl/evp.h>

#include <algorithm>
#include <atomic>

#include "common/storage/pool.h"
#include "common/storage/redis_connection.h"
#include "common/storage/refusals.h"

namespace mm::storage {
namespace {

/// While the last exchange that succeeded is not older, a server that does not answer counts as busy.
constexpr Milliseconds kAnswersFor{1'000};

std::string sha1_hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  check(EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr) == 1, "OpenSSL has no SHA-1");
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < length; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 0xF];
  }
  return out;
}

Failure<RedisError> away(std::string text) { return fail(RedisError{false, std::move(text)}); }

bool is_error(const RedisReply& reply, std::string_view code) {
  return reply.kind == RedisReply::Kind::error && reply.text.starts_with(code);
}

/// Error replies of a server that is up but does not serve requests; treated as an unavailable server.
bool does_not_serve(const RedisReply& reply) {
  return is_error(reply, "LOADING ") || is_error(reply, "BUSY ") || is_error(reply, "MASTERDOWN ");
}

void append_script(std::string& request, const RedisCommand& command, bool with_source) {
  Arguments all;
  all.reserve(3 + command.keys.size() + command.arguments.size());
  all.emplace_back(with_source ? "EVAL" : "EVALSHA");
  all.emplace_back(with_source ? std::string(command.script->source()) : command.script->sha1());
  all.push_back(std::to_string(command.keys.size()));
  all.insert(all.end(), command.keys.begin(), command.keys.end());
  all.insert(all.end(), command.arguments.begin(), command.arguments.end());
  append_command(request, all);
}

}  // namespace

Script::Script(std::string_view name, std::string_view source)
    : name_(name), source_(source), sha1_(sha1_hex(source)) {}

const Script kWriteProbe{"write_probe", "#!lua\nreturn 1"};

Problem to_problem(const RedisError&) { return refuse(Code::unavailable).error; }

struct Redis::Impl {
  explicit Impl(RedisOptions given)
      : options(std::move(given)),
        address(RedisAddress::parse(options.url)),
        pool({.connections = options.connections,
              .connect_timeout = options.connect_timeout,
              .breaker_changed = options.breaker_changed},
             [this] { return start(); }) {}

  const RedisOptions options;
  const Result<RedisAddress, std::string> address;
  Pool<RedisConnection> pool;
  std::atomic<SteadyPoint::duration> last_success{SteadyPoint::duration::min()};
  std::atomic<bool> must_be_durable{false};

  Result<std::unique_ptr<RedisConnection::Attempt>, std::string> start() const;
  RedisResult<std::vector<RedisReply>> run(const std::vector<RedisCommand>& commands, Deadline deadline);
  void note(bool succeeded) {
    last_success = succeeded ? std::chrono::steady_clock::now().time_since_epoch() : SteadyPoint::duration::min();
  }
  static RedisResult<std::vector<RedisReply>> run_on(RedisConnection& connection,
                                                     const std::vector<RedisCommand>& commands, Deadline deadline);
};

Result<std::unique_ptr<RedisConnection::Attempt>, std::string> Redis::Impl::start() const {
  if (!address) return fail(address.error());
  return RedisConnection::start(*address, options.password);
}

RedisResult<std::vector<RedisReply>> Redis::Impl::run(const std::vector<RedisCommand>& commands, Deadline deadline) {
  if (commands.empty()) return std::vector<RedisReply>{};
  auto connection = pool.acquire(deadline);
  if (!connection) {
    if (pool.is_unreachable()) note(false);
    return away(std::move(connection).error());
  }
  auto replies = run_on(**connection, commands, deadline);
  if (replies) {
    const auto refusal = std::find_if(replies->begin(), replies->end(), does_not_serve);
    if (refusal != replies->end()) replies = away(std::move(refusal->text));
  }
  pool.release(replies ? std::move(*connection) : nullptr);
  note(replies.ok());
  return replies;
}

RedisResult<std::vector<RedisReply>> Redis::Impl::run_on(RedisConnection& connection,
                                                         const std::vector<RedisCommand>& commands, Deadline deadline) {
  std::string request;
  for (const auto& command : commands) {
    if (command.script == nullptr) {
      check(!command.arguments.empty(), "redis: a command without a name");
      append_command(request, command.arguments);
    } else {
      append_script(request, command, connection.known_scripts().insert(command.script->sha1()).second);
    }
  }
  auto replies = connection.exchange(request, commands.size(), deadline);
  if (!replies) return replies;

  // Scripts are unknown to the server only after a manual SCRIPT FLUSH. They were not run, and are run now, after the
  // others.
  std::string again;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (commands[i].script == nullptr || !is_error((*replies)[i], "NOSCRIPT ")) continue;
    append_script(again, commands[i], true);
    places.push_back(i);
  }
  if (places.empty()) return replies;
  auto late = connection.exchange(again, places.size(), deadline);
  if (!late) return late;
  for (std::size_t i = 0; i < places.size(); ++i) (*replies)[places[i]] = std::move((*late)[i]);
  return replies;
}

Result<Done, std::string> check_redis_url(const std::string& url) {
  auto address = RedisAddress::parse(url);
  if (!address) return fail(std::move(address).error());
  return Done{};
}

Redis::Redis(RedisOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Redis::~Redis() = default;

namespace {

RedisResult<RedisReply> only(RedisResult<std::vector<RedisReply>> replies) {
  if (!replies) return fail(std::move(replies).error());
  auto& reply = replies->front();
  if (reply.kind == RedisReply::Kind::error) return fail(RedisError{true, std::move(reply.text)});
  return std::move(reply);
}

std::vector<RedisCommand> single(RedisCommand command) {
  std::vector<RedisCommand> commands;
  commands.push_back(std::move(command));
  return commands;
}

}  // namespace

RedisResult<RedisReply> Redis::command(Arguments arguments, Deadline deadline) {
  return only(impl_->run(single({std::move(arguments), nullptr, {}}), deadline));
}

RedisResult<RedisReply> Redis::eval(const Script& script, Arguments keys, Arguments arguments, Deadline deadline) {
  return only(impl_->run(single({std::move(arguments), &script, std::move(keys)}), deadline));
}

RedisResult<std::vector<RedisReply>> Redis::pipeline(const std::vector<RedisCommand>& commands, Deadline deadline) {
  return impl_->run(commands, deadline);
}

RedisState Redis::state(Deadline deadline) {
  const SteadyPoint last(impl_->last_success.load());
  const auto replies = pipeline({{{}, &kWriteProbe, {}}, {{"INFO", "memory"}, nullptr, {}}}, deadline);
  if (!replies) {
    const bool answers = last.time_since_epoch() != SteadyPoint::duration::min() &&
                         std::chrono::steady_clock::now() - last < kAnswersFor;
    const auto* reason = redis_refusal(replies.error().text);
    const bool is_busy = answers && reason == redis_refusal({});
    return {is_busy ? std::string() : reason, std::nullopt};
  }
  const auto& probed = replies->front();
  RedisState state{probed.kind == RedisReply::Kind::error ? redis_refusal(probed.text) : "",
                   memory_in(replies->back().text)};
  if (!impl_->must_be_durable || !state.flaw.empty()) return state;
  const auto weak = weakness(deadline);
  if (weak && !weak->empty()) state.flaw = "it could lose acknowledged writes";
  return state;
}

void Redis::require_durability() { impl_->must_be_durable = true; }

RedisResult<std::string> Redis::weakness(Deadline deadline) {
  static const std::vector<std::pair<std::string, std::string>> kWanted{
      {"appendonly", "yes"}, {"appendfsync", "always"}, {"maxmemory-policy", "noeviction"}};
  std::vector<RedisCommand> commands;
  for (const auto& [setting, value] : kWanted) commands.push_back({{"CONFIG", "GET", setting}, nullptr, {}});
  const auto replies = pipeline(commands, deadline);
  if (!replies) return fail(replies.error());
  for (std::size_t i = 0; i < kWanted.size(); ++i) {
    const auto& reply = (*replies)[i];
    const auto& [setting, wanted] = kWanted[i];
    if (reply.kind == RedisReply::Kind::error) return "Redis refuses to show its durability settings: " + reply.text;
    const auto value = reply.items.size() == 2 ? reply.items[1].text : std::string("unknown");
    if (value != wanted) return "Redis has " + setting + " " + value + ", but needs " + wanted;
  }
  return std::string();
}

}  // namespace mm::storage
