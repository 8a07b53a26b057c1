#include "services/gateway/store/keyed_store.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "common/runtime/log.h"
#include "common/security/secrets.h"
#include "services/gateway/store/lua/scripts.h"

namespace mm::gateway {

using storage::Arguments;
using storage::RedisError;
using storage::RedisReply;
using storage::RedisResult;

namespace {

constexpr Milliseconds kTimeout{1'000};
constexpr Milliseconds kLifetime{24 * 3'600 * 1'000};
constexpr Milliseconds kRetryInterval{1'000};
constexpr Milliseconds kRetryTimeout{60'000};
constexpr int kMaxSweptAtOnce = 500;
// Memory of a record without its answer: the hash with digests and times, and its entries in two indexes. More than
// MEMORY USAGE reports.
constexpr int kRecordBytes = 2'048;
constexpr std::string_view kPrefix = "mm:{gateway}:idempotency:";
constexpr const char* kIndex = "mm:{gateway}:idempotency_expiry";

std::string ms(TimePoint time) { return std::to_string(time.time_since_epoch().count()); }

std::int64_t number(std::string_view text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::int64_t number(const RedisReply& reply) {
  return reply.kind == RedisReply::Kind::integer ? reply.integer : number(reply.text);
}

KeyedWork work_of(const RedisReply& reply) {
  KeyedWork out;
  const auto& state = reply.items[0].text;
  const bool more = reply.items.size() > 1;
  if (state == "running") out.state = KeyedWork::State::running;
  if (state == "mismatch") out.state = KeyedWork::State::mismatch;
  if (state == "done") out.state = KeyedWork::State::done;
  if (state == "done" && more) out.answer = reply.items[1].text;
  if (state == "running" && more) out.running_for = Milliseconds(number(reply.items[1]));
  if (state == "fresh" && more) out.created_at = TimePoint(Milliseconds(number(reply.items[1])));
  return out;
}

}  // namespace

void KeyedStore::start(const KeyedAttempt& attempt, TimePoint now, Milliseconds lease, Started then) {
  const Arguments arguments{attempt.record,
                            attempt.request,
                            attempt.id,
                            ms(now),
                            ms(now + lease),
                            ms(now + kLifetime),
                            std::string(kPrefix),
                            security::sha256_hex(attempt.owner).substr(0, 32),
                            std::to_string(kMaxBytesPerOwner),
                            std::to_string(kRecordBytes)};
  queue_.eval(lua::kIdempotencyStart, {std::string(kPrefix) + attempt.record, kIndex}, arguments, kTimeout,
              [this, attempt, now, then = std::move(then)](RedisResult<RedisReply> reply) {
                if (reply && !reply->items.empty()) return then(work_of(*reply));
                // The attempt may have begun, or may begin later. `finish` follows on the same connection and releases
                // it.
                if (!reply && !reply.error().refused) finish(attempt, now, std::nullopt, [] {});
                then(fail(reply ? RedisError{true, "unexpected reply"} : std::move(reply).error()));
              });
}

void KeyedStore::finish(const KeyedAttempt& attempt, TimePoint now, const std::optional<std::string>& answer,
                        std::function<void()> then) {
  Arguments arguments{attempt.id, ms(now), std::string(kPrefix), std::to_string(kMaxBytesPerOwner),
                      std::to_string(kRecordBytes)};
  if (answer) arguments.push_back(*answer);
  const auto retry_until = std::chrono::steady_clock::now() + kRetryTimeout;
  send_finish({{std::string(kPrefix) + attempt.record, kIndex}, std::move(arguments), retry_until}, std::move(then));
}

void KeyedStore::send_finish(PendingFinish finish, std::function<void()> then) {
  queue_.eval(lua::kIdempotencyFinish, finish.keys, finish.arguments, kTimeout,
              [this, finish, then = std::move(then)](RedisResult<RedisReply> reply) {
                const bool unknown = !reply && !reply.error().refused;
                if (unknown && pending_.size() < kMaxPending) pending_.push_back(finish);
                then();
              });
}

void KeyedStore::on_tick(SteadyPoint now) {
  if (!queue_.connected() || now < retry_at_) return;
  retry_at_ = now + kRetryInterval;
  for (auto& finish : std::exchange(pending_, {})) {
    if (now < finish.retry_until) send_finish(std::move(finish), [] {});
  }
}

void KeyedStore::make_room(const storage::RedisMemory& memory) {
  if (memory.share() > kMaxMemoryShare) sweep();
}

void KeyedStore::sweep() {
  queue_.eval(lua::kIdempotencySweep, {kIndex}, {std::to_string(kMaxSweptAtOnce), std::string(kPrefix)}, kTimeout,
              [this](RedisResult<RedisReply> reply) {
                if (!reply || reply->integer == 0) return;
                log::warning("idempotency_records_swept", {{"records", reply->integer}});
                queue_.command({"INFO", "memory"}, kTimeout, [this](RedisResult<RedisReply> info) {
                  if (const auto memory = info ? storage::memory_in(info->text) : std::nullopt) make_room(*memory);
                });
              });
}

}  // namespace mm::gateway
