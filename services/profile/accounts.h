// Accounts: registration, login, and the profiles that players see. Registration and login are answered from a thread
// of the password pool, the other requests on the thread of the caller. Thread-safe.
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

  /// profile.register. The unique constraints decide. A repeated request is refused, because its name is taken.
  void register_player(bus::Incoming<RegisterPlayer> incoming);
  /// profile.login. An unknown name and a wrong password get the same answer after the same work.
  void log_in(bus::Incoming<LoginPlayer> incoming);

  /// profile.get. Only the player gets the private part.
  Reply<Profile> get(const GetProfile& request, const Caller& caller, Deadline deadline);
  /// profile.update, of the caller's own profile. Idempotent.
  Reply<Profile> update(const UpdateProfile& request, const Caller& caller, Deadline deadline);

 private:
  struct Registration;
  using RegistrationPtr = std::shared_ptr<Registration>;  // owners: the job of the pool, or in_flight_
  struct Login;
  using LoginPtr = std::shared_ptr<Login>;  // owner: the job of the pool

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
  PasswordPool pool_;  // last, so that it is destroyed first: its jobs use all members
};

}  // namespace mm::profile
