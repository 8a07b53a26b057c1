#include "services/gateway/logins/login_attempts.h"

#include <utility>
#include <vector>

namespace mm::gateway {
namespace {

std::string key_of(const LoginAttempt& attempt) { return attempt.address + "\n" + attempt.account; }
std::string address_key(const LoginAttempt& attempt) { return "login:" + attempt.address; }
std::string account_key(const LoginAttempt& attempt) { return "login:" + key_of(attempt); }

Problem too_many(int retry_seconds) {
  auto problem = refuse(Code::rate_limited, "too many failed logins").error;
  problem.retry_after_seconds = retry_seconds;
  return problem;
}

}  // namespace

void LoginAttempts::begin(const LoginAttempt& attempt, Deadline deadline, Then then) {
  if (waiting_ >= kMaxWaiting) return then(refuse(Code::unavailable, "too many logins are in progress").error);
  const auto key = key_of(attempt);
  waiting_logins_[key].waiting.push_back({attempt, deadline, std::move(then)});
  ++waiting_;
  reserve_first(key);
}

void LoginAttempts::reserve_first(const std::string& key) {
  const auto found = waiting_logins_.find(key);
  if (found == waiting_logins_.end() || found->second.reserving) return;
  const auto& first = found->second.waiting.front();
  if (first.deadline.passed()) return finish_first(key, refuse(Code::unavailable, "other logins are under way").error);
  found->second.reserving = true;
  store_.reserve_login(first.attempt, kLease,
                       [this, key, attempt = first.attempt](storage::RedisResult<AttemptVerdict> verdict) {
                         waiting_logins_[key].reserving = false;
                         if (verdict) return on_verdict(key, *verdict);
                         // The cache may have made the reservation although it did not answer, so the reservation is
                         // ended there.
                         store_.settle_login(attempt, false);
                         const auto local = reserve_locally(attempt);
                         if (local.attempt == Attempt::go) reserved_locally_.insert(attempt.id);
                         on_verdict(key, local);
                       });
}

void LoginAttempts::on_verdict(const std::string& key, AttemptVerdict verdict) {
  switch (verdict.attempt) {
    case Attempt::wait: return;
    case Attempt::go: return finish_first(key, std::nullopt);
    case Attempt::refused: return finish_first(key, too_many(verdict.retry_seconds));
  }
}

void LoginAttempts::finish_first(const std::string& key, std::optional<Problem> refusal) {
  auto& logins = waiting_logins_[key];
  auto then = std::move(logins.waiting.front().then);
  logins.waiting.pop_front();
  --waiting_;
  const bool empty = logins.waiting.empty();
  if (empty) waiting_logins_.erase(key);
  then(std::move(refusal));
  if (!empty) reserve_first(key);
}

void LoginAttempts::settle(const LoginAttempt& attempt, bool failed) {
  if (reserved_locally_.erase(attempt.id) > 0) {
    settle_locally(attempt, failed);
  } else {
    store_.settle_login(attempt, failed);
  }
  reserve_first(key_of(attempt));
}

// Asks again for every waiting attempt: no event reports that a reservation of another gateway, or of another account
// from the same address, was settled.
void LoginAttempts::on_tick() {
  std::vector<std::string> keys;
  for (const auto& [key, logins] : waiting_logins_) keys.push_back(key);
  for (const auto& key : keys) reserve_first(key);
}

AttemptVerdict LoginAttempts::reserve_locally(const LoginAttempt& attempt) {
  const auto now = clock_.steady();
  const auto by_address = local_.reserve(address_key(attempt), kLoginFailuresPerAddress, now);
  if (by_address.attempt != Attempt::go) return by_address;
  const auto by_account = local_.reserve(account_key(attempt), kLoginFailuresPerAccount, now);
  if (by_account.attempt != Attempt::go) local_.settle(address_key(attempt), kLoginFailuresPerAddress, false, now);
  return by_account;
}

void LoginAttempts::settle_locally(const LoginAttempt& attempt, bool failed) {
  const auto now = clock_.steady();
  local_.settle(address_key(attempt), kLoginFailuresPerAddress, failed, now);
  local_.settle(account_key(attempt), kLoginFailuresPerAccount, failed, now);
}

}  // namespace mm::gateway
