// Attempts to log in, which are limited by their failures: a few per account and address, more per address. An attempt
// reserves a failure before the password is looked at, so that guesses in parallel cannot slip through; it takes it only
// if the password was wrong. While every failure that is left is reserved by attempts under way, further ones wait for
// the outcome of these: right logins are never refused because others are under way. One per loop.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "common/base/clock.h"
#include "common/contracts/problem.h"
#include "services/gateway/core/token_bucket.h"

namespace mm::gateway {

struct Shard;

inline constexpr Quota kLoginFailuresPerAccount{5, Seconds{60}};
inline constexpr Quota kLoginFailuresPerAddress{50, Seconds{60}};

/// Who tries to be whom.
struct LoginTry {
  std::string id;
  std::string address;
  std::string account;
};

class LoginAttempts {
 public:
  /// None: the password may be looked at, and `settle` must follow. Else the refusal.
  using Then = std::function<void(std::optional<Problem>)>;

  explicit LoginAttempts(Shard& shard) : shard_(shard) {}

  /// `then` is called by the deadline.
  void begin(const LoginTry& attempt, Deadline deadline, Then then);
  /// `failed`: the password was wrong. Whatever else became of the attempt is no failure.
  void settle(const LoginTry& attempt, bool failed);
  void on_tick();
  /// At the end: whoever still waits is dropped.
  void drop_all() { lines_.clear(); }

 private:
  struct Waiting {
    LoginTry attempt;
    Deadline deadline;
    Then then;
  };
  /// Attempts on one account from one address, in their order.
  struct Line {
    std::deque<Waiting> waiting;
    bool asking = false;  ///< for the first of them
  };
  static constexpr std::size_t kWaitingMost = 1'024;
  /// Longer than any attempt takes: the reservation of a gateway that died is given up.
  static constexpr Milliseconds kLease{10'000};

  void ask_for_first(const std::string& key);
  void answered(const std::string& key, AttemptVerdict verdict);
  void finish_first(const std::string& key, std::optional<Problem> refusal);
  AttemptVerdict reserve_here(const LoginTry& attempt);
  void settle_here(const LoginTry& attempt, bool failed);

  Shard& shard_;
  std::unordered_map<std::string, Line> lines_;
  std::unordered_set<std::string> here_;  ///< ids of attempts that were reserved in this process only
  std::size_t waiting_ = 0;
};

}  // namespace mm::gateway
