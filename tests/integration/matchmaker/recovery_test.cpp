// Tests that the work of the matchmaker is limited during and after outages of session, of the bus and of the stream.
#include <set>

#include "common/bus/consumer.h"
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {
namespace {

using testing::eventually;

std::string key(const Tenant& tenant, const std::string& name) { return "mm:{" + tenant.str() + "}:" + name; }

/// A world of its own. Its matchmaker may have at most three unconfirmed matches.
struct Narrow {
  static constexpr int kMaxUnconfirmed = 3;
  World world;
  std::unique_ptr<Instance> instance;
  Tenant tenant = fresh_tenant();

  Narrow() {
    auto settings = world.settings();
    settings.max_unconfirmed = kMaxUnconfirmed;
    instance = std::make_unique<Instance>(world.nats, settings, "matchmaker-1");
  }
  std::vector<Enqueue> enqueue_duels(int pairs) {
    std::vector<Enqueue> requests;
    for (int i = 0; i < 2 * pairs; ++i) {
      requests.push_back(request_of(tenant, "duel", 1, {1500}));
      EXPECT_TRUE(world.send(requests.back()).ok());
    }
    return requests;
  }
  std::int64_t live() { return world.redis_command({"HLEN", key(tenant, "live")}).integer; }
  std::int64_t queued() {
    return world.redis_command({"ZCARD", key(tenant, "q:" + tenant.str() + ":duel:eu-west:1")}).integer;
  }
};

TEST(BackPressure, FormsNoMoreMatchesThanMayBeUnconfirmed) {
  Narrow narrow;
  narrow.world.session.set_unavailable(true);
  const auto requests = narrow.enqueue_duels(10);
  ASSERT_TRUE(eventually([&] { return narrow.instance->metric("mm_matchmaker_commits_held_back") == 1; }));
  EXPECT_EQ(narrow.live(), Narrow::kMaxUnconfirmed);
  EXPECT_EQ(narrow.queued(), 20 - 2 * Narrow::kMaxUnconfirmed) << "the other tickets stay queued";

  // Queued tickets can still be cancelled, and requests to make a match are refused.
  int cancelled = 0;
  for (const auto& request : requests) {
    CancelTicket cancel;
    cancel.tenant = narrow.tenant;
    cancel.ticket_id = *request.ticket_id;
    if (cancelled < 4 && narrow.world.send(cancel).ok()) ++cancelled;
  }
  EXPECT_EQ(cancelled, 4);
  MakeMatch challenge;
  challenge.match_id = MatchId::fresh(wall());
  challenge.tenant = narrow.tenant;
  challenge.mode = mode_named("duel");
  challenge.region = default_region();
  challenge.teams = {{player_rated(1500)}, {player_rated(1700)}};
  EXPECT_EQ(code_of(narrow.world.send(challenge)), Code::unavailable);

  // When session answers again, all tickets are matched, a few at a time.
  narrow.world.session.set_unavailable(false);
  EXPECT_TRUE(eventually([&] { return narrow.live() == 8; }, Seconds(40)));
  EXPECT_EQ(narrow.queued(), 0);
  EXPECT_TRUE(eventually([&] { return narrow.instance->metric("mm_matchmaker_commits_held_back") == 0; }));
}

TEST(Reconciling, ThatSessionsAnswerAgainShowsWithinSeconds) {
  World world;
  world.session.set_ignoring_events(true);
  world.session.set_unavailable(true);
  const auto instance = world.start("matchmaker-1");
  const auto tenant = fresh_tenant();
  ASSERT_TRUE(world.send(request_of(tenant, "duel", 1, {1500})).ok());
  const auto second = request_of(tenant, "duel", 1, {1500});
  ASSERT_TRUE(world.send(second).ok());
  ASSERT_TRUE(eventually([&] { return world.published.match_of(*second.ticket_id).has_value(); }));
  const auto match = world.published.match_of(*second.ticket_id)->match_id;
  // By now the back-off of the match is eight seconds.
  ASSERT_TRUE(eventually([&] { return wall() - world.published.match_of(*second.ticket_id)->created_at > Seconds(8); },
                         Seconds(20)));
  EXPECT_LE(world.session.requests_about(match), 6);
  const auto at = wall();
  world.session.set_unavailable(false);
  ASSERT_TRUE(eventually([&] { return world.redis_command({"ZCARD", key(tenant, "unconfirmed")}).integer == 0; }));
  EXPECT_LT(wall() - at, Seconds(5));
}

// The next probe would come two seconds after the last one. Session is made to answer right after a probe.
TEST(Reconciling, AnEventOfSessionShowsAtOnceThatItAnswersAgain) {
  World world;
  world.session.set_ignoring_events(true);
  world.session.set_unavailable(true);
  const auto instance = world.start("matchmaker-1");
  const auto tenant = fresh_tenant();
  const auto requests = std::vector{request_of(tenant, "duel", 1, {1500}), request_of(tenant, "duel", 1, {1500}),
                                    request_of(tenant, "duel", 1, {1900}), request_of(tenant, "duel", 1, {1900})};
  for (const auto& request : requests) ASSERT_TRUE(world.send(request).ok());
  const auto match_of = [&](const Enqueue& request) { return world.published.match_of(*request.ticket_id); };
  ASSERT_TRUE(eventually([&] { return match_of(requests[0]) && match_of(requests[2]); }));
  const auto probes = [&] {
    return world.session.requests_about(match_of(requests[0])->match_id) +
           world.session.requests_about(match_of(requests[2])->match_id);
  };
  // Both were asked about twice, and wait for eight seconds now: all further requests are probes.
  ASSERT_TRUE(eventually([&] { return probes() >= 5; }, Seconds(20)));
  const auto now = probes();
  ASSERT_TRUE(eventually([&] { return probes() > now; }));
  world.session.set_unavailable(false);
  const auto at = wall();
  MatchCompleted other;
  other.tenant = tenant;
  other.match_id = MatchId::fresh(wall());
  other.mode = mode_named("duel");
  other.region = default_region();
  other.started_at = other.ended_at = at;
  world.publish(other);
  EXPECT_TRUE(eventually([&] { return world.redis_command({"ZCARD", key(tenant, "unconfirmed")}).integer == 0; }));
  EXPECT_LT(wall() - at, Milliseconds(1'500)) << "one round, and not a probe's interval and two rounds";
}

/// The number of scripts that Redis has run.
std::int64_t scripts_run(World& world) {
  const auto stats = world.redis_command({"INFO", "commandstats"}).text;
  const auto at = stats.find("cmdstat_evalsha:calls=");
  return at == std::string::npos ? 0 : std::stoll(stats.substr(at + std::string("cmdstat_evalsha:calls=").size()));
}

// A tick reads only tenants with changes. Reading all of these tenants took 4,000 scripts a second.
TEST(IdleTenants, CostNoLookPerTick) {
  constexpr int kTenants = 100;
  World world;
  const auto instance = world.start("matchmaker-1");
  std::vector<Tenant> tenants;
  for (int i = 0; i < kTenants; ++i) {
    tenants.push_back(fresh_tenant());
    ASSERT_TRUE(world.send(request_of(tenants.back(), "ranked", 5, {1500})).ok());
  }
  const auto ticks = [&] { return instance->metric("mm_matchmaker_tick_seconds_count"); };
  ASSERT_TRUE(eventually([&] { return instance->metric("mm_matchmaker_partitions_owned") == 2 * kTenants; }));
  const auto settled = ticks();
  ASSERT_TRUE(eventually([&] { return ticks() >= settled + 50; }));
  const auto before = scripts_run(world);
  const auto from = ticks();
  ASSERT_TRUE(eventually([&] { return ticks() >= from + 100; }));
  EXPECT_LT(scripts_run(world) - before, 10 * kTenants) << "in a hundred ticks";

  // New tickets are matched as fast as before.
  const auto busy = fresh_tenant();
  ASSERT_TRUE(world.send(request_of(busy, "duel", 1, {1500})).ok());
  const auto second = request_of(busy, "duel", 1, {1500});
  ASSERT_TRUE(world.send(second).ok());
  EXPECT_TRUE(eventually([&] { return world.published.match_of(*second.ticket_id).has_value(); }, Milliseconds{3'000}));
  const auto first = request_of(tenants[7], "duel", 1, {1500});
  const auto other = request_of(tenants[7], "duel", 1, {1500});
  ASSERT_TRUE(world.send(first).ok());
  ASSERT_TRUE(world.send(other).ok());
  EXPECT_TRUE(eventually([&] { return world.published.match_of(*first.ticket_id).has_value(); }, Milliseconds{3'000}));
}

/// The ticket ids of all ticket.closed events in the stream, read by a new consumer.
std::multiset<TicketId> closed_in_stream(World& world, std::size_t wanted) {
  std::mutex mutex;
  std::multiset<TicketId> seen;
  bus::Consumer consumer(*world.bus, streams::kTicket,
                         {.name = world.fresh_consumer(streams::kTicket, TicketClosed::kSubject)}, world.metrics);
  consumer.on<TicketClosed>([&](const TicketClosed& event, const bus::EventInfo&) {
    const std::lock_guard lock(mutex);
    seen.insert(event.ticket_id);
    return bus::Ack::done;
  });
  consumer.start();
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return seen.size() >= wanted;
  })) << seen.size()
      << " of " << wanted;
  const std::lock_guard lock(mutex);
  return seen;
}

// nats-server loses its disk. Events that the old server had confirmed are resent to the new one.
TEST(TicketEvents, AreSentAgainToAServerThatLostThem) {
  World world;
  const auto instance = world.start("matchmaker-1");
  const auto tenant = fresh_tenant();
  std::multiset<TicketId> cancelled;
  for (int i = 0; i < 30; ++i) {
    const auto request = request_of(tenant, "ranked", 5, {1500});
    ASSERT_TRUE(world.send(request).ok());
    CancelTicket cancel;
    cancel.tenant = tenant;
    cancel.ticket_id = *request.ticket_id;
    ASSERT_TRUE(world.send(cancel).ok());
    cancelled.insert(*request.ticket_id);
  }
  ASSERT_TRUE(eventually([&] { return world.redis_command({"LLEN", key(tenant, "sent")}).integer == 30; }));
  EXPECT_EQ(closed_in_stream(world, 30), cancelled);

  world.nats.restart_without_state();
  ASSERT_TRUE(eventually([&] { return world.bus->connected(); }));
  ASSERT_TRUE(eventually([&] { return instance->metric("mm_matchmaker_relayed_again_total") == 30; }, Seconds(40)));
  EXPECT_EQ(closed_in_stream(world, 30), cancelled);
  EXPECT_EQ(instance->metric("mm_recovery_messages_total{kind=\"event_resent\"}"), 30);
  EXPECT_EQ(instance->metric("mm_recovery_lost_events_total"), 30) << "an alarm: the stream had lost them";
  EXPECT_EQ(world.redis_command({"LLEN", key(tenant, "sent")}).integer, 30) << "the events can be resent once more";
}

TEST(TicketEvents, AreKeptForAQuarterOfAnHourAndNotLonger) {
  auto& world = shared();
  const auto tenant = fresh_tenant();
  const auto old =
      "SERVER " + std::to_string((wall() - Milliseconds{16 * 60 * 1000}).time_since_epoch().count()) + " {}";
  const auto young = "SERVER " + std::to_string((wall() - Milliseconds{60 * 1000}).time_since_epoch().count()) + " {}";
  world.redis_command({"RPUSH", key(tenant, "sent"), old, old, young});
  ASSERT_TRUE(world.send(request_of(tenant, "ranked", 5, {1500})).ok());
  EXPECT_TRUE(eventually([&] { return world.redis_command({"LLEN", key(tenant, "sent")}).integer == 1; }, Seconds(30)));
  EXPECT_NE(world.redis_command({"LINDEX", key(tenant, "sent"), "0"}).text.find(young.substr(6)), std::string::npos)
      << "the event is recorded under the present server";
}

}  // namespace
}  // namespace mm::matchmaker
