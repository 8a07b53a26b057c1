// Signatures that prove which daemon published a stored event. Publishers of events that change ratings or free players
// sign them (rights::kSigners). A consumer that has the publisher's public key refuses events without a valid
// signature, so a forged event has no effect, whoever can write to the stream. The signature covers subject, message id
// and body.
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
  std::map<std::string, security::VerifyingKey, std::less<>> publishers;  ///< by name of the daemon
};

inline constexpr const char* kSignatureHeader = "Mm-Signature";

/// The value of the header kSignatureHeader.
std::string sign_event(const security::SigningKey& key, std::string_view subject, std::string_view message_id,
                       std::string_view body);

/// True if the publisher of the subject signed the event, or if no public key is configured for this publisher.
bool has_valid_signature(const EventKeys& keys, std::string_view subject, std::string_view message_id,
                         std::string_view body, std::string_view signature);

}  // namespace mm::bus
