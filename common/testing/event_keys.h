// One key pair for all signers of events in tests, that of session. A connection with these keys can publish signed
// events in the name of session and of profile.
#pragma once

#include "common/bus/event_signature.h"
#include "common/contracts/bus_rights.h"
#include "common/testing/servers.h"

namespace mm::testing {

inline bus::EventKeys event_keys() {
  const auto key = security::SigningKey::parse(secret("event_session"));
  check(key.ok(), "session's key is one");
  bus::EventKeys keys;
  keys.own = *key;
  for (const auto signer : rights::kSigners) {
    keys.publishers.emplace(signer, *security::VerifyingKey::parse(key->public_text()));
  }
  return keys;
}

}  // namespace mm::testing
