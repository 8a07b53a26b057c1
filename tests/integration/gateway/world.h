// The environment of the tests of the gateway: a nats-server and two Redis servers, fakes of all daemons behind the
// gateway, and gateways in the process of the test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "common/bus/server.h"
#include "common/contracts/events.h"
#include "common/contracts/explain.h"
#include "common/contracts/leaderboard.h"
#include "common/contracts/recent.h"
#include "common/security/jwt.h"
#include "common/testing/connections.h"
#include "common/testing/daemon.h"
#include "common/testing/own_file.h"
#include "common/testing/wait.h"
#include "services/gateway/service.h"
#include "tests/integration/gateway/client.h"

namespace mm::gateway::testing {

using mm::testing::soon;

/// Answers one subject as the test says, and remembers the last request.
template <class Req>
class Fake {
 public:
  using Handler = std::function<Reply<typename Req::Answer>(const Req&, const bus::Context&)>;

  void answer(Handler handler) {
    std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
    requests_ = 0;
  }
  void answer(typename Req::Answer fixed) {
    answer([fixed](const Req&, const bus::Context&) { return fixed; });
  }
  void refuse(Code code) {
    answer([code](const Req&, const bus::Context&) -> Reply<typename Req::Answer> { return mm::refuse(code); });
  }
  Reply<typename Req::Answer> serve(const Req& request, const bus::Context& context) {
    Handler handler;
    {
      std::lock_guard lock(mutex_);
      last_ = request;
      caller_ = context.caller;
      trace_ = context.trace;
      ++requests_;
      handler = handler_;
    }
    if (!handler) return mm::refuse(Code::not_found, "no fake answers");
    return handler(request, context);
  }
  Req last() const {
    return locked([&] { return last_; });
  }
  Caller caller() const {
    return locked([&] { return caller_; });
  }
  trace::Context trace() const {
    return locked([&] { return trace_; });
  }
  int requests() const {
    return locked([&] { return requests_; });
  }

 private:
  template <class Get>
  auto locked(Get get) const {
    std::lock_guard lock(mutex_);
    return get();
  }
  mutable std::mutex mutex_;
  Handler handler_;
  Req last_{};
  Caller caller_;
  trace::Context trace_;
  int requests_ = 0;
};

template <class... Reqs>
using Fakes = std::tuple<Fake<Reqs>...>;

using AllFakes =
    Fakes<RegisterPlayer, LoginPlayer, GetProfile, UpdateProfile, CreateParty, GetParty, JoinParty, LeaveParty,
          SetReady, InvitePlayer, GetInvitations, RemoveInvitation, KickPlayer, PromotePlayer, SendChat, EnterQueue,
          LeaveQueue, GetTicket, GetExplanation, GetQueues, GetMatch, GetRecentMatches, GetRatingChanges, Heartbeat,
          ReportResult, GetLeaderboard, GetHistory, GetFinishedMatch>;

/// The servers and fakes. get() starts them on first use, for the whole program; tests that kill servers make their
/// own.
struct World {
  explicit World(std::vector<std::string> queue_arguments = {});
  static World& get();

  mm::testing::OwnFolder credentials;
  mm::testing::OwnNats nats;
  mm::testing::OwnRedis cache{mm::testing::OwnRedis::Instance::cache};
  mm::testing::OwnRedis queue{mm::testing::OwnRedis::Instance::queue};
  metrics::Registry metrics;
  std::unique_ptr<bus::Bus> bus = mm::testing::connect(nats, metrics);
  AllFakes fakes;
  std::unique_ptr<bus::Server> server;  ///< null after stop_serving()

  void serve();
  void stop_serving() { server.reset(); }

  template <class Req>
  Fake<Req>& fake() {
    return std::get<Fake<Req>>(fakes);
  }
};

template <class Req>
Fake<Req>& fake() {
  return World::get().fake<Req>();
}

/// Every fake refuses each request with this code.
template <class... Reqs>
void refuse_all(Code code, Fakes<Reqs...>&) {
  (fake<Reqs>().refuse(code), ...);
}

/// All fakes refuse with not_found, as at the beginning.
template <class... Reqs>
void forget_all(Fakes<Reqs...>&) {
  (fake<Reqs>().answer(typename Fake<Reqs>::Handler{}), ...);
}

inline const std::string kAccessKey = "access-0123456789abcdefghijklmnopqrstuvwxyz";
inline const std::string kOldAccessKey = "former-0123456789abcdefghijklmnopqrstuvwxyz";
inline const std::string kServerKey = "server-0123456789abcdefghijklmnopqrstuvwxyz";
inline const std::string kAdminToken = "admin-token-0123456789abcdefghijklmnopqrstuvwxyz";

/// The initial time of the clock of every gateway, and the default time at which tokens are made. The clocks stand
/// still: with the time of day, tokens that are made later would be from the future of the gateways.
TimePoint beginning();

/// A clock that stands still at beginning().
struct StillClock {
  mm::testing::ManualClock clock{beginning()};
};

/// One running gateway.
class Instance : public StillClock, public mm::testing::Daemon<Service> {
 public:
  explicit Instance(const std::function<void(Settings&)>& change = {}, World& world = World::get());

  int port() const { return service().port(); }
  /// The port of the gateway, and its certificate if it uses TLS.
  Target target() const { return {port(), ca_file_}; }

  Answer get(const std::string& path, Fields headers = {}) const {
    return call(target(), {"GET", path, std::move(headers), ""});
  }
  Answer send(const std::string& method, const std::string& path, const std::string& body, Fields headers = {}) const {
    return call(target(), {method, path, std::move(headers), body});
  }

 private:
  Instance(World& world, const Settings& settings);

  std::string ca_file_;  ///< empty: plain HTTP
};

/// The gateway of most tests. It has no limits per player and address.
Instance& gateway();

/// A player with the claims of an access token.
struct Player {
  PlayerId id;
  std::string name;
  LoginId login;
  std::string token;
  Fields auth() const { return {{"Authorization", "Bearer " + token}}; }
};
Player fresh_player(TimePoint now = beginning());
/// An access token with these claims, signed with the gateways' key.
std::string access_token(const security::AccessClaims& claims);
security::AccessClaims claims_of(const Player& player, TimePoint now = beginning());
std::string server_token(MatchId match);

Fields with(Fields fields, const std::string& name, const std::string& value);

/// What profile answers to a login: a new player with the name "ada".
LoggedIn logged_in(const Tenant& tenant = default_tenant());
Profile profile_of(const Player& player);
Party party_of(const std::vector<Player>& members);
Ticket ticket_in(const std::string& mode = "ranked");
MatchView match_with(const Player& player);
/// The fakes of lobby, matchmaker and session have no party, ticket or match for any player.
void nobody_is_in(World& world);
inline void nobody_is_anywhere() { nobody_is_in(World::get()); }

/// Checks that the answer is a problem with this status and code and with the headers of every refusal.
void expect_problem(const Answer& answer, int status, const std::string& code);

}  // namespace mm::gateway::testing
