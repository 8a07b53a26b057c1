// Passwords: bcrypt ($2b$) through libxcrypt. One hash at cost 10 takes 60 to 80 ms of a core, so callers run these in
// a bounded pool. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace mm::security {

/// cost 4 to 14; 10 by default, 4 only in tests.
class PasswordHasher {
 public:
  explicit PasswordHasher(int cost);

  /// The password is 1 to 72 bytes without NUL (checked where it enters).
  std::string hash(const std::string& password) const;

  /// False for a wrong password and for a hash that is not ours: another form, or a cost outside 4 to 14. Such a hash is
  /// not computed; the answer takes the time of `verify_nobody`.
  bool verify(const std::string& password, const std::string& hash) const;

  /// For an unknown user: takes the time of a verification, then says no.
  bool verify_nobody(const std::string& password) const;

  /// The hash was made with another cost: hash again at the next login.
  bool outdated(std::string_view hash) const;

 private:
  int cost_;
  std::string nobody_;
};

}  // namespace mm::security
