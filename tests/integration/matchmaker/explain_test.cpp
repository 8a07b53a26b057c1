// Tests of matchmaker.explain: the answer is true, any instance passes the request on to the owner of the ticket, and
// each request is answered in time.
#include <atomic>
#include <thread>

#include "common/bus/async_requests.h"
#include "common/contracts/explain.h"
#include "common/testing/own_file.h"
#include "services/matchmaker/owner/lease.h"
#include "services/matchmaker/requests/explain_handler.h"
#include "tests/integration/matchmaker/process.h"
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {
namespace {

using testing::eventually;

constexpr double kTickMs = 20;

GetExplanation explain_request(const Tenant& tenant, TicketId ticket) {
  GetExplanation request;
  request.tenant = tenant;
  request.ticket_id = ticket;
  return request;
}

/// Sends one request, as the gateway does.
Reply<Explanation> asked_once(World& world, const Tenant& tenant, TicketId ticket, const Caller& caller = {}) {
  return world.bus->request(explain_request(tenant, ticket), caller, Deadline::after(limits::kRequestTimeout));
}

/// Repeats the request while it is refused with 503, as a client does. Fails the test on any other refusal.
Explanation explained(World& world, const Tenant& tenant, TicketId ticket, const Caller& caller = {}) {
  Reply<Explanation> reply = refuse(Code::unavailable);
  EXPECT_TRUE(eventually([&] {
    reply = asked_once(world, tenant, ticket, caller);
    return reply.ok() || reply.error().status() != 503;
  }));
  EXPECT_TRUE(reply.ok()) << (reply ? "" : reply.error().detail);
  return reply ? *reply : Explanation{};
}

TicketId queued(World& world, const Enqueue& request) {
  const auto answer = world.send(request);
  EXPECT_TRUE(answer.ok()) << (answer ? "" : answer.error().detail);
  return *request.ticket_id;
}

/// A world with modes of the test's own.
struct Scene {
  explicit Scene(const std::string& modes) : file(modes) {
    auto settings = world.settings(static_cast<int>(kTickMs));
    settings.modes_file = file.path();
    instance = std::make_unique<Instance>(world.nats, settings, "matchmaker-1");
  }
  TicketId queue(double rating) { return queued(world, request_of(tenant, "duel", 1, {rating})); }
  Explanation explain(TicketId ticket) { return explained(world, tenant, ticket); }
  void change_modes(const std::string& modes) {
    const auto before = instance->metric("mm_modes_changes_total");
    file.replace(modes);
    ASSERT_TRUE(eventually([&] { return instance->metric("mm_modes_changes_total") > before; }));
  }

  World world;
  testing::OwnFile file;
  Tenant tenant = fresh_tenant();
  std::unique_ptr<Instance> instance;
};

std::string duels(double initial_window, double max_window, double widen_seconds) {
  return "[[mode]]\nid = \"duel\"\nteam_sizes = [1]\ninitial_window = " + std::to_string(initial_window) +
         "\nmax_window = " + std::to_string(max_window) + "\nwiden_seconds = " + std::to_string(widen_seconds) + "\n";
}

TEST(Explain, SaysWhoIsMissingAndThatManyMakeTheMatch) {
  auto& world = shared();
  const auto tenant = fresh_tenant();
  const auto request = request_of(tenant, "close", 2, {1500});
  const auto ticket = queued(world, request);
  auto explanation = explained(world, tenant, ticket, as_player(tenant, request.players.front().player_id));
  EXPECT_EQ(explanation.ticket_id, ticket);
  EXPECT_EQ(explanation.status, TicketStatus::searching);
  EXPECT_EQ(explanation.mode, mode_named("close"));
  EXPECT_EQ(explanation.region, default_region());
  EXPECT_EQ(explanation.team_size, 2);
  EXPECT_EQ(explanation.rule, WaitRule::players);
  EXPECT_EQ(explanation.by, 3);
  EXPECT_EQ(explanation.rating, 1500);
  EXPECT_EQ(explanation.tickets_waiting, 1);
  EXPECT_EQ(explanation.players_waiting, 1);
  EXPECT_TRUE(explanation.nearest.empty());
  EXPECT_FALSE(explanation.summary.empty());
  ASSERT_TRUE(explanation.matched_now_with.has_value());
  EXPECT_EQ(explanation.matched_now_with->parties * explanation.matched_now_with->party_size, 3);

  const auto come = [&] { queued(world, request_of(tenant, "close", 2, {explanation.matched_now_with->rating})); };
  come();
  come();
  explanation = explained(world, tenant, ticket);
  EXPECT_EQ(explanation.by, 1);
  EXPECT_EQ(explanation.players_waiting, 3);
  EXPECT_EQ(explanation.nearest.size(), 2U);
  ASSERT_TRUE(explanation.matched_now_with.has_value());
  EXPECT_EQ(explanation.matched_now_with->parties, 1);
  come();
  EXPECT_TRUE(eventually([&] { return world.published.match_of(ticket).has_value(); }));
}

// From some moment on, two tickets accept each other, and the next tick matches them. So they are matched at most one
// tick before the forecast. On a busy machine ticks come later, but never earlier.
TEST(Explain, ForetellsTheMatch) {
  Scene scene(duels(50, 450, 5));
  const auto low = scene.queue(1'400);
  const auto high = scene.queue(1'600);
  Explanation explanation;
  ASSERT_TRUE(eventually([&] {
    explanation = scene.explain(high);
    return explanation.players_waiting == 2 || explanation.status != TicketStatus::searching;
  }));
  ASSERT_EQ(explanation.status, TicketStatus::searching);
  EXPECT_EQ(explanation.rule, WaitRule::window);
  ASSERT_TRUE(explanation.forecast.has_value());
  EXPECT_EQ(explanation.forecast->outcome, WaitOutcome::matched);
  ASSERT_TRUE(eventually([&] { return scene.world.published.match_of(high).has_value(); }));
  const auto match = *scene.world.published.match_of(high);
  EXPECT_EQ(match.mmr_spread, explanation.forecast->spread);
  EXPECT_NEAR(match.quality, *explanation.forecast->quality, 0.001);
  for (const auto& team : match.teams) {
    for (const auto& player : team.players) {
      if (player.ticket_id == high) {
        EXPECT_GE(static_cast<double>(player.waited_ms),
                  static_cast<double>(explanation.forecast->at_waited_ms) - kTickMs - 1);
      }
    }
  }
  EXPECT_EQ(scene.world.published.match_of(low)->match_id, match.match_id);
}

TEST(Explain, NamesTheWindowThatWouldMatchAndOneBelowItDoesNot) {
  Scene scene(duels(50, 100, 1));
  scene.queue(1'400);
  const auto ticket = scene.queue(1'750);
  Explanation explanation;
  ASSERT_TRUE(eventually([&] {
    explanation = scene.explain(ticket);
    return explanation.players_waiting == 2;
  }));
  EXPECT_EQ(explanation.rule, WaitRule::window);
  EXPECT_EQ(explanation.forecast->outcome, WaitOutcome::times_out);
  ASSERT_TRUE(explanation.matched_now_with_window.has_value());
  const double window = *explanation.matched_now_with_window;
  scene.change_modes(duels(window - 1, window - 1, 1));
  EXPECT_TRUE(eventually([&] { return scene.explain(ticket).rating_window == window - 1; }));
  EXPECT_EQ(scene.explain(ticket).status, TicketStatus::searching);
  scene.change_modes(duels(window, window, 1));
  EXPECT_TRUE(eventually([&] { return scene.world.published.match_of(ticket).has_value(); }));
}

TEST(Explain, OfATicketWhoseModeIsGoneSaysThatItOnlyTimesOut) {
  Scene scene(duels(50, 100, 1));
  const auto ticket = scene.queue(1'400);
  EXPECT_EQ(scene.explain(ticket).rule, WaitRule::players);
  scene.change_modes("[[mode]]\nid = \"other\"\nteam_sizes = [1]\n");
  EXPECT_TRUE(eventually([&] { return !scene.explain(ticket).rule.has_value(); }));
  const auto explanation = scene.explain(ticket);
  EXPECT_EQ(explanation.status, TicketStatus::searching);
  EXPECT_EQ(explanation.forecast->outcome, WaitOutcome::times_out);
  EXPECT_NE(explanation.summary.find("not offered"), std::string::npos);
}

TEST(Explain, OfATicketThatWaitsNoMoreSaysWhatBecameOfIt) {
  auto& world = shared();
  const auto tenant = fresh_tenant();
  const auto cancelled = queued(world, request_of(tenant, "close", 2, {1500}));
  CancelTicket cancel;
  cancel.tenant = tenant;
  cancel.ticket_id = cancelled;
  ASSERT_TRUE(world.send(cancel).ok());
  const auto overdue = queued(world, request_of(tenant, "hasty", 1, {1500}));
  const auto matched = queued(world, request_of(tenant, "duel", 1, {1500}));
  queued(world, request_of(tenant, "duel", 1, {1500}));

  const auto ends_as = [&](TicketId ticket, TicketStatus status) {
    Explanation explanation;
    EXPECT_TRUE(eventually([&] {
      explanation = explained(world, tenant, ticket);
      return explanation.status == status;
    }));
    EXPECT_EQ(explanation.ticket_id, ticket);
    EXPECT_FALSE(explanation.summary.empty());
    EXPECT_FALSE(explanation.rule.has_value());
    EXPECT_FALSE(explanation.forecast.has_value());
    EXPECT_FALSE(explanation.rating.has_value());
    EXPECT_FALSE(explanation.tickets_waiting.has_value());
  };
  ends_as(cancelled, TicketStatus::cancelled);
  ends_as(matched, TicketStatus::matched);
  ends_as(overdue, TicketStatus::timed_out);
  EXPECT_EQ(code_of(world.send(explain_request(tenant, TicketId::fresh(wall())))), Code::not_found);
}

TEST(Explain, IsForTheTicketsPlayersAndForDaemons) {
  auto& world = shared();
  const auto tenant = fresh_tenant();
  const auto request = request_of(tenant, "close", 2, {1500, 1510});
  const auto ticket = queued(world, request);
  for (const auto& player : request.players) {
    EXPECT_EQ(explained(world, tenant, ticket, as_player(tenant, player.player_id)).ticket_id, ticket);
  }
  EXPECT_EQ(explained(world, tenant, ticket, {tenant, Role::admin, std::nullopt, std::nullopt}).ticket_id, ticket);
  const auto question = explain_request(tenant, ticket);
  EXPECT_EQ(code_of(world.send(question, as_player(tenant, fresh_player()))), Code::not_found);
  // The tenant of the token counts, not the tenant in the request.
  EXPECT_EQ(code_of(world.send(question, as_player(fresh_tenant(), request.players.front().player_id))),
            Code::not_found);
  EXPECT_EQ(code_of(world.send(explain_request(fresh_tenant(), ticket))), Code::not_found);
}

TEST(Explain, IsAboutTheBestRegionAndNamesTheOthers) {
  auto& world = shared();
  const auto tenant = fresh_tenant();
  auto request = request_of(tenant, "near", 1, {1500});
  request.latencies =
      Latencies{{region_named("eu-west"), 60}, {region_named("eu-north"), 20}, {region_named("ap-south"), 300}};
  const auto explanation = explained(world, tenant, queued(world, request));
  EXPECT_EQ(explanation.region, region_named("eu-north"));
  EXPECT_NE(explanation.summary.find("eu-west"), std::string::npos) << explanation.summary;
  EXPECT_EQ(explanation.summary.find("ap-south"), std::string::npos) << explanation.summary;
}

TEST(Explain, ByAnyInstanceComesFromTheOwner) {
  World world;
  const auto tenant = fresh_tenant();
  auto one = world.start("matchmaker-1");
  const auto ticket = queued(world, request_of(tenant, "close", 2, {1500}));
  explained(world, tenant, ticket);  // now the first instance owns the partition, and the second will be the standby
  auto two = world.start("matchmaker-2");
  const auto asked = [](const Instance& instance, const std::string& what) {
    return instance.metric("mm_bus_requests_total{subject=\"matchmaker." + what + "\"}");
  };
  EXPECT_TRUE(eventually([&] {
    const auto explanation = explained(world, tenant, ticket);
    EXPECT_EQ(explanation.rule, WaitRule::players);
    return asked(*one, "explain") >= 2 && asked(*two, "explain") >= 2;
  }));
  EXPECT_GE(asked(*one, "explain_here"), 2);
  EXPECT_EQ(asked(*two, "explain_here"), 0);
  EXPECT_EQ(two->metric("mm_matchmaker_explain_seconds_count"), 0);

  // After a takeover the new owner answers.
  one->stop();
  EXPECT_EQ(explained(world, tenant, ticket).rule, WaitRule::players);
  EXPECT_GT(two->metric("mm_matchmaker_explain_seconds_count"), 0);
}

TEST(Explain, OfABucketWhoseOwnerWasKilledGoesOnAfterTheTakeover) {
  World world;
  const auto tenant = fresh_tenant();
  auto owner = std::make_unique<Process>(world, "matchmaker-1");
  const auto request = request_of(tenant, "close", 2, {1500});
  ASSERT_TRUE(eventually([&] { return world.send(request).ok(); }));
  const auto ticket = *request.ticket_id;
  explained(world, tenant, ticket);
  auto standby = world.start("matchmaker-2");
  owner->kill();
  // The request may have been sent to the instance that was just killed.
  const auto reply = asked_once(world, tenant, ticket);
  EXPECT_TRUE(reply.ok() || reply.error().status() == 503) << reply.error().detail;
  EXPECT_EQ(explained(world, tenant, ticket).rule, WaitRule::players);
  EXPECT_GT(standby->metric("mm_matchmaker_explain_seconds_count"), 0);
}

TEST(Explain, OfABucketWhoseOwnerDoesNotAnswerIsUnavailableAndSaysWhenToComeAgain) {
  World world;
  const auto tenant = fresh_tenant();
  const auto instance = world.start("matchmaker-1");
  const auto ticket = queued(world, request_of(tenant, "close", 2, {1500}));
  explained(world, tenant, ticket);
  // Writes a lease of another owner that is alive but answers no requests.
  const auto lease = "mm:{" + tenant.str() + "}:lease:" + partition_of(tenant.str() + ":close:eu-west:2");
  world.redis_command({"HSET", lease, "token", "99:" + lease_identifier(new_uuid(wall()), 1)});
  // The change makes the instance read the lease at its next tick. Without a change it would take some seconds.
  world.redis_command({"INCR", "mm:{" + tenant.str() + "}:change"});
  std::atomic<bool> gone = false;
  std::thread heart([&] {
    eventually([&] {
      world.redis_command({"HINCRBY", lease, "beat", "1"});
      return gone.load();
    });
  });
  for (int i = 0; i < 2; ++i) {
    const auto reply = world.send(explain_request(tenant, ticket));
    EXPECT_EQ(code_of(reply), Code::unavailable);
    if (!reply) {
      EXPECT_EQ(reply.error().retry_after_seconds, 1);
    }
  }
  gone = true;
  heart.join();
  EXPECT_EQ(explained(world, tenant, ticket).rule, WaitRule::players);
}

TEST(Explain, AskedByManyAtOnceIsBoundedAndLeavesRoomForOthers) {
  World world;
  const auto instance = world.start("matchmaker-1", 400);
  const auto tenant = fresh_tenant();
  const auto ticket = queued(world, request_of(tenant, "close", 2, {1500}));
  explained(world, tenant, ticket);
  const auto before = instance->metric("mm_matchmaker_explain_seconds_count");
  const auto ticks_before = instance->metric("mm_matchmaker_tick_seconds_count");

  constexpr int kAsked = 600;
  std::atomic<int> answered = 0, refused = 0, otherwise = 0;
  const auto request = explain_request(tenant, ticket);
  {
    bus::AsyncRequests requests(*world.bus, world.metrics);
    for (int i = 0; i < kAsked; ++i) {
      requests.request(GetExplanation::kSubject.text, wire::encode(request), {}, {}, soon(),
                       [&](Reply<std::string> reply) {
                         if (reply) ++answered;
                         else if (reply.error().code == Code::unavailable && reply.error().retry_after_seconds == 1)
                           ++refused;
                         else ++otherwise;
                       });
    }
    GetTicket status;
    status.tenant = tenant;
    status.ticket_id = ticket;
    EXPECT_TRUE(world.send(status).ok());
    EXPECT_TRUE(eventually([&] { return answered + refused + otherwise == kAsked; }));
  }
  EXPECT_EQ(otherwise, 0);
  EXPECT_GT(answered, 0);
  EXPECT_GT(instance->metric("mm_matchmaker_explains_refused_total"), 0);
  const auto ticks = instance->metric("mm_matchmaker_tick_seconds_count") - ticks_before;
  const auto explanations = instance->metric("mm_matchmaker_explain_seconds_count") - before;
  EXPECT_GE(explanations, answered.load());
  EXPECT_LE(explanations, (ticks + 1) * SnapshotRequests::kMaxCopiesPerTick);
  EXPECT_EQ(explained(world, tenant, ticket).rule, WaitRule::players);
}

TEST(Explain, AskedOfAnInstanceThatEndsIsAnsweredAllTheSame) {
  World world;
  auto instance = world.start("matchmaker-1", 400);
  const auto tenant = fresh_tenant();
  const auto ticket = queued(world, request_of(tenant, "close", 2, {1500}));
  explained(world, tenant, ticket);
  constexpr int kAsked = 60;
  std::atomic<int> answered = 0, refused = 0, otherwise = 0;
  bus::AsyncRequests requests(*world.bus, world.metrics);
  for (int i = 0; i < kAsked; ++i) {
    requests.request(GetExplanation::kSubject.text, wire::encode(explain_request(tenant, ticket)), {}, {}, soon(),
                     [&](Reply<std::string> reply) {
                       if (reply) ++answered;
                       else if (reply.error().code == Code::unavailable) ++refused;
                       else ++otherwise;
                     });
  }
  const auto asked = [&] { return instance->metric("mm_bus_requests_total{subject=\"matchmaker.explain\"}"); };
  ASSERT_TRUE(eventually([&] { return asked() > 1; })) << "some requests have begun";
  instance->stop();
  EXPECT_TRUE(eventually([&] { return answered + refused + otherwise == kAsked; }));
  EXPECT_EQ(otherwise, 0);
  EXPECT_GT(answered, 0);
}

TEST(Explain, WithoutTheQueueIsUnavailableAndComesBackWithIt) {
  World world;
  const auto instance = world.start("matchmaker-1");
  const auto tenant = fresh_tenant();
  const auto ticket = queued(world, request_of(tenant, "close", 2, {1500}));
  explained(world, tenant, ticket);
  world.redis.freeze();
  EXPECT_EQ(code_of(world.send(explain_request(tenant, ticket))), Code::unavailable);
  world.redis.thaw();
  EXPECT_EQ(explained(world, tenant, ticket).rule, WaitRule::players);
  world.redis.kill();
  EXPECT_EQ(code_of(world.send(explain_request(tenant, ticket))), Code::unavailable);
  world.redis.restart();
  EXPECT_EQ(explained(world, tenant, ticket).rule, WaitRule::players);
}

TEST(LeaseAddress, IsReadFromTokensThatHaveOne) {
  const auto address = new_uuid(wall());
  EXPECT_EQ(address_in("12:" + lease_identifier(address, 3)), address);
  EXPECT_EQ(address_in("12:" + address.to_string()), std::nullopt);  // of an instance without an address
  EXPECT_EQ(address_in("12:" + address.to_string() + "-"), address);
  EXPECT_EQ(address_in("12:nonsense-that-is-longer-than-an-identifier-1"), std::nullopt);
  EXPECT_EQ(address_in(""), std::nullopt);
}

}  // namespace
}  // namespace mm::matchmaker
