// Proof of who published a stored event. Publishers of events that move ratings or free players sign them
// (rights::kSigners), consumers that hold the publisher's public key handle nothing unsigned: so a forged event has no
// effect, whoever may write to the stream. The signature is over subject, message id and body.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/security/signature.h"

namespace mm::bus {

struct EventKeys {
  std::optional<security::SigningKey> own;
  std::map<std::string, security::VerifyingKey, std::less<>> publishers;  ///< by daemon
};

inline constexpr const char* kSignatureHeader = "Mm-Signature";

/// The value of that header.
std::string sign_event(const security::SigningKey& key, std::string_view subject, std::string_view message_id,
                       std::string_view body);

/// Signed by the publisher of its subject, or published by one whose key is not held.
bool is_proven(const EventKeys& keys, std::string_view subject, std::string_view message_id, std::string_view body,
               std::string_view signature);

}  // namespace mm::bus
