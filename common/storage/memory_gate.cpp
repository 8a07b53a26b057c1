#include "common/storage/memory_gate.h"

#include <charconv>
#include <string>

namespace mm::storage {
namespace {

/// Memory becomes free when tickets end and matches are over, which takes longer than a second.
constexpr int kRetryAfterSeconds = 5;

std::optional<std::int64_t> value_of(std::string_view info, std::string_view name) {
  const auto at = info.find("\n" + std::string(name) + ":");
  if (at == std::string_view::npos) return std::nullopt;
  const auto text = info.substr(at + name.size() + 2);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<RedisMemory> memory_in(std::string_view info) {
  const auto used = value_of(info, "used_memory");
  const auto most = value_of(info, "maxmemory");
  if (!used || !most) return std::nullopt;
  return RedisMemory{*used, *most};
}

std::optional<Problem> MemoryGate::refusal() const {
  if (!refuses_) return std::nullopt;
  auto problem =
      refuse(Code::unavailable, "no new logins, accounts, parties and tickets at the moment: memory is short").error;
  problem.retry_after_seconds = kRetryAfterSeconds;
  return problem;
}

}  // namespace mm::storage
