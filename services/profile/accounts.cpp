#include "services/profile/accounts.h"

#include <cmath>
#include <utility>

#include "common/runtime/log.h"
#include "common/runtime/trace.h"
#include "services/profile/core/fold.h"

namespace mm::profile {
namespace {

/// Measured: 76 ms at cost 10. Each step of the cost doubles the duration.
PasswordPool::Options pool_options(const AccountOptions& options) {
  PasswordPool::Options pool;
  pool.threads = options.password_threads;
  pool.first_estimate = std::chrono::duration<double>(0.076 * std::pow(2.0, options.bcrypt_cost - 10));
  return pool;
}

Problem busy(int retry_after_seconds) {
  auto refusal = refuse(Code::unavailable, "too many registrations and logins are under way").error;
  refusal.retry_after_seconds = retry_after_seconds;
  return refusal;
}

Failure<Problem> no_such_player() { return refuse(Code::not_found, "there is no such player"); }

}  // namespace

struct Accounts::Registration {
  bus::Incoming<RegisterPlayer> incoming;
  std::string username_key;
  std::string email;
  std::string name_key;  // in in_flight_: tenant and name
};

struct Accounts::Login {
  bus::Incoming<LoginPlayer> incoming;
  std::optional<Credential> credential;
};

Accounts::Accounts(Store& store, const Clock& clock, const AccountOptions& options, Metrics& metrics)
    : store_(store),
      clock_(clock),
      hasher_(options.bcrypt_cost),
      metrics_(metrics),
      pool_(pool_options(options), metrics) {}

void Accounts::register_player(bus::Incoming<RegisterPlayer> incoming) {
  const auto& request = incoming.request;
  auto username_key = folded(request.username);
  auto email = folded(request.email);
  auto name_key = request.tenant.str() + "/" + username_key;
  begin(std::make_shared<Registration>(std::move(incoming), std::move(username_key), std::move(email),
                                       std::move(name_key)));
}

void Accounts::begin(const RegistrationPtr& registration) {
  const auto waiter = [this, registration](const Reply<RegisteredPlayer>& first) { follow(registration, first); };
  switch (in_flight_.enter(registration->name_key, waiter)) {
    case NamesInFlight::Entry::first: return attempt(registration);
    case NamesInFlight::Entry::waits: return;
    case NamesInFlight::Entry::full: return answer(registration, fail(busy(1)));
  }
}

// Continues after another registration of the same name. It took the name, or could not be tried, or left the name
// free.
void Accounts::follow(const RegistrationPtr& registration, const Reply<RegisteredPlayer>& first) {
  if (first) return answer(registration, refuse(Code::username_taken));
  switch (first.error().code) {
    case Code::username_taken:
    case Code::unavailable: return answer(registration, first);
    default: return begin(registration);
  }
}

void Accounts::attempt(const RegistrationPtr& registration) {
  const auto& incoming = registration->incoming;
  const trace::Scope scope(incoming.context.trace);
  // Most refusals are known here, before a hash is computed.
  const auto taken =
      store_.taken(incoming.request.tenant, registration->username_key, registration->email, incoming.context.deadline);
  if (!taken) return finish(registration, fail(taken.error()));
  if (*taken) return finish(registration, refuse(**taken));
  const auto refused = pool_.submit(incoming.context.deadline, [this, registration] { return create(registration); });
  if (refused) finish(registration, fail(busy(*refused)));
}

bool Accounts::create(const RegistrationPtr& registration) {
  const auto& [request, context, reply_to] = registration->incoming;
  const trace::Scope scope(context.trace);
  if (context.deadline.passed()) {
    finish(registration, refuse(Code::deadline_exceeded));
    return false;
  }
  const auto now = clock_.now();
  const NewAccount account{PlayerId::fresh(now), request.tenant,
                           request.username,     registration->username_key,
                           registration->email,  hasher_.hash(request.password),
                           request.region,       now};
  const auto created = store_.create(account, context.deadline);
  if (!created) {
    finish(registration, fail(created.error()));
    return true;
  }
  RegisteredPlayer player;
  player.player_id = account.player_id;
  player.username = account.username;
  player.email = account.email;
  player.region = account.region;
  player.created_at = account.created_at;
  log::info("player_registered", {{"player_id", player.player_id}, {"tenant", request.tenant}});
  finish(registration, player);
  return true;
}

void Accounts::finish(const RegistrationPtr& registration, const Reply<RegisteredPlayer>& reply) {
  const auto waiters = in_flight_.leave(registration->name_key);
  answer(registration, reply);
  for (const auto& waiter : waiters) waiter(reply);
}

void Accounts::answer(const RegistrationPtr& registration, const Reply<RegisteredPlayer>& reply) {
  if (reply) metrics_.registered.add();
  else if (reply.error().status() == 409) metrics_.register_refused.add();
  else metrics_.register_failed.add();
  registration->incoming.answer(reply);
}

void Accounts::log_in(bus::Incoming<LoginPlayer> incoming) {
  const auto login = std::make_shared<Login>(std::move(incoming), std::nullopt);
  const auto& [request, context, reply_to] = login->incoming;
  const trace::Scope scope(context.trace);
  auto found = store_.find_credential(request.tenant, folded(request.username), context.deadline);
  if (!found) return answer(login, fail(found.error()));
  login->credential = *std::move(found);
  const auto refused = pool_.submit(context.deadline, [this, login] { return check_password(login); });
  if (refused) answer(login, fail(busy(*refused)));
}

bool Accounts::check_password(const LoginPtr& login) {
  const auto& [request, context, reply_to] = login->incoming;
  const trace::Scope scope(context.trace);
  if (context.deadline.passed()) {
    answer(login, refuse(Code::deadline_exceeded));
    return false;
  }
  const auto& credential = login->credential;
  const bool right = credential ? hasher_.verify(request.password, credential->password_hash)
                                : hasher_.verify_unknown_user(request.password);
  if (!right) {
    answer(login, refuse(Code::invalid_credentials));
    return true;
  }
  answer(login, LoggedIn{credential->player_id, credential->username, credential->region, request.tenant});
  if (hasher_.outdated(credential->password_hash)) rehash(login);
  return true;
}

void Accounts::answer(const LoginPtr& login, const Reply<LoggedIn>& reply) {
  if (reply) metrics_.logged_in.add();
  else if (reply.error().code == Code::invalid_credentials) metrics_.login_refused.add();
  else metrics_.login_failed.add();
  login->incoming.answer(reply);
}

// The bcrypt cost has changed since the password was set, and only a login brings the password. If this fails, the next
// login tries again.
void Accounts::rehash(const LoginPtr& login) {
  const auto fresh = hasher_.hash(login->incoming.request.password);
  const auto done = store_.replace_hash(login->credential->player_id, login->credential->password_hash, fresh,
                                        Deadline::after(limits::kRequestTimeout));
  if (done) metrics_.rehashed.add();
}

Reply<Profile> Accounts::get(const GetProfile& request, const Caller& caller, Deadline deadline) {
  auto found = store_.find_profile(caller.tenant, request.player_id, deadline);
  if (!found) return fail(found.error());
  if (!*found) return no_such_player();
  auto& profile = **found;
  if (caller.role != Role::player || caller.player != request.player_id) {
    profile.email.reset();
    profile.preferences.reset();
  }
  return std::move(profile);
}

Reply<Profile> Accounts::update(const UpdateProfile& request, const Caller& caller, Deadline deadline) {
  if (caller.role != Role::player || !caller.player) return refuse(Code::forbidden, "only players have a profile");
  auto updated = store_.update(caller.tenant, *caller.player, request, clock_.now(), deadline);
  if (!updated) return fail(updated.error());
  if (!*updated) return no_such_player();
  return **std::move(updated);
}

}  // namespace mm::profile
