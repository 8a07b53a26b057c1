#include "services/lobby/redis_keys.h"

#include <charconv>

#include "common/runtime/log.h"

namespace mm::lobby {

std::string prefix_of(const Tenant& tenant) { return "mm:{" + tenant.str() + "}:"; }

std::int64_t number_of(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string ms_text(TimePoint time) { return std::to_string(time.time_since_epoch().count()); }

TimePoint time_of(std::string_view text) { return TimePoint(Milliseconds(number_of(text))); }

Failure<Problem> unavailable(const storage::RedisError& error) {
  log::warning("queue_store_failed", {{"refused", error.refused}, {"reason", error.text}});
  return refuse(Code::unavailable, "parties and queues are not available at the moment");
}

Failure<Problem> malformed(std::string_view what) {
  log::error("queue_store_misread", {{"what", what}});
  return refuse(Code::unavailable, "parties and queues are not available at the moment");
}

}  // namespace mm::lobby
