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

namespace mm::gateway {

struct Shard;

inline constexpr Quota kLoginFailuresPerAccount{5, Seconds{60}};
inline constexpr Quota kLoginFailuresPerAddress{50, Seconds{60}};

/// One attempt to log in to an account from an address.
struct LoginTry {
  std::string id;  ///< unique per attempt
  std::string address;
  std::string account;
};

class LoginAttempts {
 public:
  /// Called with nullopt if the password may be checked; the caller must then call `settle`. Otherwise with the
  /// refusal.
  using Then = std::function<void(std::optional<Problem>)>;

  explicit LoginAttempts(Shard& shard) : shard_(shard) {}

  /// Reserves a failure for the attempt. `then` is called about when the deadline passes, at the latest.
  void begin(const LoginTry& attempt, Deadline deadline, Then then);
  /// Ends a reservation. `failed`: the password was wrong. Any other outcome does not count as a failure.
  void settle(const LoginTry& attempt, bool failed);
  void on_tick();
  /// Drops all waiting attempts without calling `then`. For the shutdown.
  void drop_all() { lines_.clear(); }

 private:
  struct Waiting {
    LoginTry attempt;
    Deadline deadline;
    Then then;
  };
  /// Waiting attempts on one account from one address, in order of arrival.
  struct Line {
    std::deque<Waiting> waiting;
    bool asking = false;  ///< a reservation for the first attempt was requested and is not answered yet
  };
  static constexpr std::size_t kWaitingMost = 1'024;
  /// After this time a reservation expires. Longer than any attempt takes; needed when a gateway dies.
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
