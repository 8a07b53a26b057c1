// The fixture of the profile tests: one nats-server, one Redis, one PostgreSQL, and instances of the real Service.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/contracts/events.h"
#include "common/contracts/profile.h"
#include "common/testing/connections.h"
#include "common/testing/daemon.h"
#include "common/testing/players.h"
#include "common/testing/wait.h"
#include "services/profile/service.h"

namespace mm::profile {

using testing::as_player;
using testing::as_service;
using testing::connect;
using testing::fresh_player;
using testing::fresh_players;
using testing::fresh_tenant;
using testing::soon;

/// The servers, started on first use and stopped at the end of the program.
struct World {
  testing::OwnNats nats;
  testing::OwnRedis cache{testing::OwnRedis::Instance::cache};
  testing::OwnPostgres postgres;
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus = connect(nats, metrics);
  testing::Database database{postgres};

  static World& get();
};

/// One running profile. `modes_file`: empty for the shipped modes.
class Instance : public testing::Daemon<Service> {
 public:
  explicit Instance(int bcrypt_cost = 4, const std::string& modes_file = "");
};

template <class Req>
Reply<typename Req::Answer> send(const Req& request, const Caller& caller = {}) {
  return World::get().bus->request(request, caller, soon());
}
/// Sends any body, valid or not; returns the text of the answer.
Reply<std::string> send_raw(std::string_view subject, const std::string& body, const Caller& caller = {});

RegisterPlayer registration(const Tenant& tenant, const std::string& username);
/// Registers the player; a refusal fails the test.
RegisteredPlayer registered(const Tenant& tenant, const std::string& username);

MatchCompleted match_of(const Tenant& tenant, const std::vector<std::vector<PlayerId>>& teams,
                        std::optional<int> winner, const Mode& mode = ranked_mode());
/// Stores the event in the stream under a new message id, so JetStream does not drop it as a duplicate.
void publish(const MatchCompleted& match);

inline auto rows(const std::string& sql) { return World::get().database.rows(sql); }
inline auto number(const std::string& sql) { return World::get().database.number(sql); }

/// The stored rating in hundredths; the initial rating if there is no row.
Hundredths rating_of(const Tenant& tenant, PlayerId player, const Mode& mode = ranked_mode());

}  // namespace mm::profile
