// What the tests of profile share: one nats-server, one Redis, one PostgreSQL, and instances of the real Service.
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

/// `test` may do everything; `operator` may publish events and cannot sign them.
std::unique_ptr<bus::Bus> connect(const testing::OwnNats& nats, metrics::Registry& metrics,
                                  const std::string& user = "test");

/// Started on first use, gone at the end of the program.
struct World {
  testing::OwnNats nats;
  testing::OwnRedis cache{testing::OwnRedis::Instance::cache};
  testing::OwnPostgres postgres;
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus;                ///< of the tests
  std::unique_ptr<storage::Postgres> database;  ///< as its superuser

  static World& get();
};

/// One running profile. `modes_file`: empty for the shipped modes.
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

/// A tenant no other test has.
Tenant fresh_tenant();
PlayerId fresh_player();
std::vector<PlayerId> fresh_players(std::size_t count);

Caller as_player(const Tenant& tenant, PlayerId player);
Caller as_service(const Tenant& tenant);

template <class Req>
Reply<typename Req::Answer> ask(const Req& request, const Caller& caller = {}) {
  return World::get().bus->request(request, caller, soon());
}
/// Any body, as a stranger may send it; the answer's text.
Reply<std::string> ask_raw(std::string_view subject, const std::string& body, const Caller& caller = {});

RegisterPlayer registration(const Tenant& tenant, const std::string& username);
/// Registers or fails the test.
RegisteredPlayer registered(const Tenant& tenant, const std::string& username);

MatchCompleted match_of(const Tenant& tenant, const std::vector<std::vector<PlayerId>>& teams,
                        std::optional<int> winner, const Mode& mode = ranked_mode());
/// Into the stream, under a message id of its own: JetStream does not drop it as a duplicate.
void publish(const MatchCompleted& match);

/// Rows of a query, as text.
std::vector<std::vector<std::string>> rows(const std::string& sql);
std::int64_t number(const std::string& sql);

/// In hundredths; the initial rating without a row.
Hundredths rating_of(const Tenant& tenant, PlayerId player, const Mode& mode = ranked_mode());

}  // namespace mm::profile
