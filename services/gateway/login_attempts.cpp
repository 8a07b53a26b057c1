#include "services/gateway/login_attempts.h"

#include <utility>
#include <vector>

#include "services/gateway/gateway.h"

namespace mm::gateway {
namespace {

std::string key_of(const LoginTry& attempt) { return attempt.address + "\n" + attempt.account; }
std::string address_key(const LoginTry& attempt) { return "login:" + attempt.address; }
std::string account_key(const LoginTry& attempt) { return "login:" + key_of(attempt); }

Problem too_many(int retry_seconds) {
  auto problem = refuse(Code::rate_limited, "too many failed logins").error;
  problem.retry_after_seconds = retry_seconds;
  return problem;
}

}  // namespace

void LoginAttempts::begin(const LoginTry& attempt, Deadline deadline, Then then) {
  if (waiting_ >= kWaitingMost) return then(refuse(Code::unavailable, "too many logins are in progress").error);
  const auto key = key_of(attempt);
  lines_[key].waiting.push_back({attempt, deadline, std::move(then)});
  ++waiting_;
  ask_for_first(key);
}

void LoginAttempts::ask_for_first(const std::string& key) {
  const auto line = lines_.find(key);
  if (line == lines_.end() || line->second.asking) return;
  const auto& first = line->second.waiting.front();
  if (first.deadline.passed()) return finish_first(key, refuse(Code::unavailable, "other logins are under way").error);
  line->second.asking = true;
  shard_.store.reserve_login(first.attempt, kLease, [this, key, attempt = first.attempt](storage::RedisResult<AttemptVerdict> verdict) {
    lines_[key].asking = false;
    if (verdict) return answered(key, *verdict);
    // The cache may have made the reservation although it did not answer, so the reservation is ended there.
    shard_.store.settle_login(attempt, false);
    const auto here = reserve_here(attempt);
    if (here.attempt == Attempt::go) here_.insert(attempt.id);
    answered(key, here);
  });
}

void LoginAttempts::answered(const std::string& key, AttemptVerdict verdict) {
  switch (verdict.attempt) {
    case Attempt::wait: return;
    case Attempt::go: return finish_first(key, std::nullopt);
    case Attempt::refused: return finish_first(key, too_many(verdict.retry_seconds));
  }
}

void LoginAttempts::finish_first(const std::string& key, std::optional<Problem> refusal) {
  auto& line = lines_[key];
  auto then = std::move(line.waiting.front().then);
  line.waiting.pop_front();
  --waiting_;
  const bool empty = line.waiting.empty();
  if (empty) lines_.erase(key);
  then(std::move(refusal));
  if (!empty) ask_for_first(key);
}

void LoginAttempts::settle(const LoginTry& attempt, bool failed) {
  if (here_.erase(attempt.id) > 0) {
    settle_here(attempt, failed);
  } else {
    shard_.store.settle_login(attempt, failed);
  }
  ask_for_first(key_of(attempt));
}

// Asks again for every waiting attempt: no event reports that a reservation of another gateway, or of another account
// from the same address, was settled.
void LoginAttempts::on_tick() {
  std::vector<std::string> keys;
  for (const auto& [key, line] : lines_) keys.push_back(key);
  for (const auto& key : keys) ask_for_first(key);
}

AttemptVerdict LoginAttempts::reserve_here(const LoginTry& attempt) {
  auto& limits = shard_.gateway.local_limits;
  const auto now = shard_.gateway.runtime.clock.steady();
  const auto by_address = limits.reserve(address_key(attempt), kLoginFailuresPerAddress, now);
  if (by_address.attempt != Attempt::go) return by_address;
  const auto by_account = limits.reserve(account_key(attempt), kLoginFailuresPerAccount, now);
  if (by_account.attempt != Attempt::go) limits.settle(address_key(attempt), kLoginFailuresPerAddress, false, now);
  return by_account;
}

void LoginAttempts::settle_here(const LoginTry& attempt, bool failed) {
  auto& limits = shard_.gateway.local_limits;
  const auto now = shard_.gateway.runtime.clock.steady();
  limits.settle(address_key(attempt), kLoginFailuresPerAddress, failed, now);
  limits.settle(account_key(attempt), kLoginFailuresPerAccount, failed, now);
}

}  // namespace mm::gateway
