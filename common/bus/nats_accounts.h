// The accounts of nats-server, written from the table of rights (common/contracts/bus_rights.h). The outcome is kept in
// deployments/nats/accounts.conf, which a test compares.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mm::bus {

/// What a user may publish and subscribe to. `denied`: of the subscriptions.
struct Permissions {
  std::vector<std::string> publish;
  std::vector<std::string> subscribe;
  std::vector<std::string> denied;
  bool answers = true;  ///< may answer what it is sent, each once
};

/// A daemon's, or the operator's.
Permissions permissions_of(std::string_view user);

/// The text of accounts.conf. Passwords are variables: $PASSWORD_LOBBY, …
std::string accounts_text();

}  // namespace mm::bus
