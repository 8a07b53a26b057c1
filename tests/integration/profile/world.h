// The fixture of the profile tests: one nats-server, one Redis, one PostgreSQL, and instances of the real Service.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/bus/bus.h"
#include "common/contracts/events.h"
#include "common/contracts/profile.h"
#include "common/runtime/credentials.h"
#include "common/runtime/health.h"
#include "common/storage/postgres.h"
#include "common/testing/servers.h"
#include "common/testing/wait.h"
#include "services/profile/service.h"

namespace mm::profile {

inline Deadline soon() { return Deadline::after(Milliseconds{20'000}); }

/// Connects as `user`. `test` has all rights; `operator` may publish events but cannot sign them.
std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, metrics::Registry& metrics,
                                  const std::string& user = "test");

/// The servers, started on first use and stopped at the end of the program.
struct World {
  testing::OwnNats nats;
  testing::OwnRedis cache{testing::OwnRedis::Instance::cache};
  testing::OwnPostgres postgres;
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus;                ///< the connection of the tests
  std::unique_ptr<storage::Postgres> database;  ///< connected as superuser

  static World& get();
};

/// One profile daemon. `modes_file`: empty for the built-in modes.
class Instance {
 public:
  explicit Instance(int bcrypt_cost = 4, const std::string& modes_file = "");

  double metric(const std::string& series) const;
  bool ready() const { return health_.ready(); }
  void stop() { service_.reset(); }

 private:
  metrics::Registry metrics_;
  runtime::Health health_;
  runtime::Credentials credentials_{testing::credentials_of("profile")};
  SystemClock clock_;
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Service> service_;
};

/// A tenant that no other test uses.
Tenant fresh_tenant();
PlayerId fresh_player();
std::vector<PlayerId> fresh_players(std::size_t count);

Caller as_player(const Tenant& tenant, PlayerId player);
Caller as_service(const Tenant& tenant);

template <class Req>
Reply<typename Req::Answer> ask(const Req& request, const Caller& caller = {}) {
  return World::get().bus->request(request, caller, soon());
}
/// Sends any body, valid or not; returns the text of the answer.
Reply<std::string> ask_raw(std::string_view subject, const std::string& body, const Caller& caller = {});

RegisterPlayer registration(const Tenant& tenant, const std::string& username);
/// Registers the player; a refusal fails the test.
RegisteredPlayer registered(const Tenant& tenant, const std::string& username);

MatchCompleted match_of(const Tenant& tenant, const std::vector<std::vector<PlayerId>>& teams,
                        std::optional<int> winner, const Mode& mode = ranked_mode());
/// Stores the event in the stream under a new message id, so JetStream does not drop it as a duplicate.
void publish(const MatchCompleted& match);

/// The rows of a query, as text.
std::vector<std::vector<std::string>> rows(const std::string& sql);
std::int64_t number(const std::string& sql);

/// The stored rating in hundredths; the initial rating if there is no row.
Hundredths rating_of(const Tenant& tenant, PlayerId player, const Mode& mode = ranked_mode());

}  // namespace mm::profile
