// Password hashing: bcrypt ($2b$) with libxcrypt. One hash at cost 10 takes 60 to 80 ms of a core, so callers use a
// bounded thread pool. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace mm::security {

/// `cost` is 4 to 14: 10 by default, 4 only in tests.
class PasswordHasher {
 public:
  explicit PasswordHasher(int cost);

  /// The password must have 1 to 72 bytes without NUL; the contract checks this for registrations.
  std::string hash(const std::string& password) const;

  /// Returns false for a wrong password, and for a hash that this class did not make (another form, or a cost outside 4
  /// to 14). Such a hash is not computed; the call then takes as long as `verify_unknown_user`.
  bool verify(const std::string& password, const std::string& hash) const;

  /// For an unknown user: takes as long as a verification and returns false.
  bool verify_unknown_user(const std::string& password) const;

  /// Whether the hash was made with another cost. If so, the password should be hashed again at the next login.
  bool outdated(std::string_view hash) const;

 private:
  int cost_;
  std::string dummy_hash_;
};

}  // namespace mm::security
