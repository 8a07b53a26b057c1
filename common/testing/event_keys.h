// Session's key pair for all signers of events in tests: whoever uses it may publish in the name of session and profile.
#pragma once

#include "common/bus/proof.h"
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
