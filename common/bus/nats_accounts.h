// Generates the accounts file of nats-server from the table of rights (common/contracts/bus_rights.h). The result is
// kept in deployments/nats/accounts.conf, and a test compares the two.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mm::bus {

/// What a user may publish and subscribe to. `denied` are exceptions from `subscribe`.
struct Permissions {
  std::vector<std::string> publish;
  std::vector<std::string> subscribe;
  std::vector<std::string> denied;
  bool answers = true;  ///< may answer each request that it receives, once
};

/// The permissions of a daemon or of the operator.
Permissions permissions_of(std::string_view user);

/// The text of accounts.conf. Passwords are variables such as $PASSWORD_LOBBY.
std::string accounts_text();

}  // namespace mm::bus
