// Accounts: registration, login, and what players see of each other. Registration and login answer later, from the
// password pool; the rest answers where it is asked. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/bus/server.h"
#include "common/contracts/caller.h"
#include "common/security/password.h"
#include "services/profile/metrics.h"
#include "services/profile/names_in_flight.h"
#include "services/profile/password_pool.h"
#include "services/profile/store.h"

namespace mm::profile {

struct AccountOptions {
  int bcrypt_cost = 10;
  int password_threads = 1;
};

class Accounts {
 public:
  Accounts(Store& store, const Clock& clock, const AccountOptions& options, Metrics& metrics);

  /// profile.register. The unique constraints decide, once per request: a repeated one is refused as taken.
  void register_player(bus::Incoming<RegisterPlayer> incoming);
  /// profile.login. An unknown name and a wrong password get the same answer after the same work.
  void log_in(bus::Incoming<LoginPlayer> incoming);

  /// profile.get. The private part only for the player.
  Reply<Profile> get(const GetProfile& request, const Caller& caller, Deadline deadline);
  /// profile.update, of the caller's own. The same again changes nothing more.
  Reply<Profile> update(const UpdateProfile& request, const Caller& caller, Deadline deadline);

 private:
  struct Registration;
  using RegistrationPtr = std::shared_ptr<Registration>;  // owners: the pool's job, or the names in flight
  struct Login;
  using LoginPtr = std::shared_ptr<Login>;  // owner: the pool's job

  void begin(const RegistrationPtr& registration);
  void follow(const RegistrationPtr& registration, const Reply<RegisteredPlayer>& first);
  void attempt(const RegistrationPtr& registration);
  bool create(const RegistrationPtr& registration);
  void finish(const RegistrationPtr& registration, const Reply<RegisteredPlayer>& reply);
  void answer(const RegistrationPtr& registration, const Reply<RegisteredPlayer>& reply);

  bool check_password(const LoginPtr& login);
  void answer(const LoginPtr& login, const Reply<LoggedIn>& reply);
  void rehash(const LoginPtr& login);

  Store& store_;
  const Clock& clock_;
  const security::PasswordHasher hasher_;
  Metrics& metrics_;
  NamesInFlight in_flight_;
  PasswordPool pool_;  // last: its jobs use all of the above
};

}  // namespace mm::profile
