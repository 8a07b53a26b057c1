// Limits failed logins: 5 a minute per account and address, 50 a minute per address. An attempt reserves a failure
// before the password is checked, so that parallel guesses cannot exceed the limit, and uses it only if the password
// was wrong. While all remaining failures are reserved, further attempts wait until a reservation is settled. A correct
// login is thus not refused because other logins are in progress, except after its deadline. One per loop; used only on
// that loop.
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
#include "services/gateway/store/local_limits.h"
#include "services/gateway/store/store.h"

namespace mm::gateway {

class LoginAttempts {
 public:
  /// Called with nullopt if the password may be checked; the caller must then call `settle`. Otherwise with the
  /// refusal.
  using Then = std::function<void(std::optional<Problem>)>;

  /// `local` counts failures while the cache, and thus `store`, is unavailable.
  LoginAttempts(Store& store, LocalLimits& local, const Clock& clock) : store_(store), local_(local), clock_(clock) {}

  /// Reserves a failure for the attempt. `then` is called about when the deadline passes, at the latest.
  void begin(const LoginAttempt& attempt, Deadline deadline, Then then);
  /// Ends a reservation. `failed`: the password was wrong. Any other outcome does not count as a failure.
  void settle(const LoginAttempt& attempt, bool failed);
  void on_tick();
  /// Drops all waiting attempts without calling `then`. For the shutdown.
  void drop_all() { waiting_logins_.clear(); }

 private:
  struct Waiting {
    LoginAttempt attempt;
    Deadline deadline;
    Then then;
  };
  /// Waiting attempts on one account from one address, in order of arrival.
  struct WaitingLogins {
    std::deque<Waiting> waiting;
    bool reserving = false;  ///< a reservation for the first attempt was requested and is not answered yet
  };
  static constexpr std::size_t kMaxWaiting = 1'024;
  /// After this time a reservation expires. Longer than any attempt takes; needed when a gateway dies.
  static constexpr Milliseconds kLease{10'000};

  void reserve_first(const std::string& key);
  void on_verdict(const std::string& key, AttemptVerdict verdict);
  void finish_first(const std::string& key, std::optional<Problem> refusal);
  AttemptVerdict reserve_locally(const LoginAttempt& attempt);
  void settle_locally(const LoginAttempt& attempt, bool failed);

  Store& store_;
  LocalLimits& local_;
  const Clock& clock_;
  std::unordered_map<std::string, WaitingLogins> waiting_logins_;  ///< by address and account
  std::unordered_set<std::string> reserved_locally_;  ///< ids of attempts that were reserved in this process only
  std::size_t waiting_ = 0;
};

}  // namespace mm::gateway
