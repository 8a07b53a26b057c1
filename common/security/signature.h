// Ed25519 signatures. The private key signs; the public key can only verify. Keys and signatures are base64url without
// padding. A private key is 32 random bytes. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace mm::security {

class SigningKey {
 public:
  /// The error describes the problem and never contains the text.
  static Result<SigningKey, std::string> parse(std::string_view secret);

  std::string sign(std::string_view data) const;
  std::string public_text() const;

 private:
  friend class VerifyingKey;
  struct Key;
  explicit SigningKey(std::shared_ptr<const Key> key) : key_(std::move(key)) {}
  std::shared_ptr<const Key> key_;  // owners: the copies of this value
};

class VerifyingKey {
 public:
  static Result<VerifyingKey, std::string> parse(std::string_view text);

  bool verifies(std::string_view data, std::string_view signature) const;

 private:
  explicit VerifyingKey(std::shared_ptr<const SigningKey::Key> key) : key_(std::move(key)) {}
  std::shared_ptr<const SigningKey::Key> key_;  // owners: the copies of this value
};

}  // namespace mm::security
