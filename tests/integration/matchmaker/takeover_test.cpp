// Tests with several instances, frozen instances and outages of the stores: nothing is lost and nothing happens twice.
#include <atomic>
#include <set>
#include <thread>

#include "services/matchmaker/owner/lease.h"
#include "services/matchmaker/queue/scripts.h"
#include "tests/integration/matchmaker/process.h"
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {
namespace {

using testing::eventually;

/// Enqueues tickets of a tenant of its own until stop(), which returns the acknowledged tickets.
class Stream {
 public:
  explicit Stream(World& world) : world_(world) {
    for (int i = 0; i < kCallers; ++i) callers_.emplace_back([this] { run(); });
  }
  ~Stream() { stop(); }

  std::set<TicketId> stop() {
    stopping_ = true;
    for (auto& caller : callers_) {
      if (caller.joinable()) caller.join();
    }
    return acknowledged_;
  }
  std::size_t count() const { return count_; }
  const Tenant& tenant() const { return tenant_; }

 private:
  static constexpr int kCallers = 4;
  /// The timeout of a request: a request to a frozen instance gets no answer and is repeated.
  static constexpr Milliseconds kRequestTimeout{500};

  void run() {
    metrics::Registry metrics;
    const auto bus = connect(world_.nats, metrics);
    while (!stopping_) {
      auto request = request_of(tenant_, "duel", 1, {1500});
      // Repeats the same ticket until it is answered, as a caller does.
      while (!stopping_) {
        const auto answer = bus->request(request, {}, Deadline::after(kRequestTimeout));
        if (!answer) continue;
        const std::lock_guard lock(mutex_);
        acknowledged_.insert(answer->ticket_id);
        ++count_;
        break;
      }
    }
  }

  World& world_;
  const Tenant tenant_ = fresh_tenant();
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> count_ = 0;
  std::mutex mutex_;
  std::set<TicketId> acknowledged_;  // guarded by mutex_
  std::vector<std::thread> callers_;
};

std::string token_of(World& world, const Tenant& tenant, const std::string& partition) {
  return world.redis_command({"HGET", "mm:{" + tenant.str() + "}:lease:" + partition, "token"}).text;
}

std::string duel_partition(const Tenant& tenant) { return partition_of(tenant.str() + ":duel:eu-west:1"); }

/// Checks that every acknowledged ticket, except for a last odd one, is in exactly one match, in the queue as well as
/// in the published events.
void expect_all_matched_once(World& world, const Tenant& tenant, const std::set<TicketId>& tickets) {
  const auto queue = "mm:{" + tenant.str() + "}:q:" + tenant.str() + ":duel:eu-west:1";
  ASSERT_TRUE(eventually([&] { return world.redis_command({"ZCARD", queue}).integer <= 1; }, Seconds(20)));
  std::map<TicketId, MatchId> published;
  const auto collect = [&] {
    published.clear();
    for (const auto& match : world.published.events<MatchFound>()) {
      if (match.tenant != tenant) continue;
      for (const auto& team : match.teams) {
        for (const auto& player : team.players) {
          const auto known = published.emplace(*player.ticket_id, match.match_id).first;
          EXPECT_EQ(known->second, match.match_id) << "one ticket in two matches";
        }
      }
    }
    return published.size();
  };
  std::size_t matched = 0;
  for (const auto& ticket : tickets) {
    const auto fields =
        world.redis_command({"HMGET", "mm:{" + tenant.str() + "}:ticket:" + ticket.to_string(), "state", "match_id"});
    if (fields.items.at(0).text == "matched") ++matched;
  }
  EXPECT_GE(matched + 1, tickets.size());
  EXPECT_TRUE(eventually([&] { return collect() >= matched; }, Seconds(20))) << published.size() << " of " << matched;
}

TEST(Lease, IsTakenOnlyAfterASecondOfSuccessfulLooksAtAStandingBeat) {
  SteadyPoint now{Seconds(100)};
  Lease lease;
  EXPECT_FALSE(lease.may_acquire()) << "nothing seen yet";
  lease.seen("7:a", "1", now);
  for (int i = 0; i < 9; ++i) lease.seen("7:a", "1", now += Milliseconds(100));
  EXPECT_FALSE(lease.may_acquire());
  lease.seen("7:a", "2", now += Milliseconds(100));
  for (int i = 0; i < 9; ++i) lease.seen("7:a", "2", now += Milliseconds(100));
  EXPECT_FALSE(lease.may_acquire()) << "the beat has changed meanwhile";
  lease.seen("7:a", "2", now += Milliseconds(100));
  EXPECT_TRUE(lease.may_acquire());
}

TEST(Lease, DoesNotCountTimeInWhichNobodyCouldLook) {
  SteadyPoint now{Seconds(100)};
  Lease lease;
  lease.seen("7:a", "1", now);
  lease.missed();
  lease.seen("7:a", "1", now += Seconds(60));
  EXPECT_FALSE(lease.may_acquire());
  lease.seen("7:a", "1", now += Seconds(60));
  EXPECT_FALSE(lease.may_acquire()) << "time without reads does not count";
}

TEST(Lease, KnowsItsOwnTokenWhenTheAnswerWasLost) {
  SteadyPoint now{Seconds(100)};
  Lease lease;
  lease.seen("", "", now);
  EXPECT_TRUE(lease.may_acquire()) << "the partition has no owner";
  lease.attempt("fresh");
  lease.seen("8:other", "1", now);
  EXPECT_FALSE(lease.mine());
  lease.seen("9:fresh", "1", now);
  EXPECT_TRUE(lease.mine());
  EXPECT_EQ(lease.token(), "9:fresh");
}

// The owner's copy of a bucket in memory can lag behind the queue in Redis. A refusal or a later read corrects it.
TEST(BucketMemory, DropsWhatARefusalIsAboutUnlessItHoldsNewer) {
  const Bucket bucket{fresh_tenant(), mode_named("duel"), default_region(), 1};
  ModeRules rules;
  rules.id = bucket.mode;
  rules.team_sizes = {1};
  BucketState pool(bucket, rules, true);
  TicketRecord ticket;
  ticket.id = TicketId::fresh(wall());
  ticket.state = TicketState::queued;
  ticket.first_bucket = bucket.text();
  ticket.players = {player_rated(1500)};
  ticket.attempt = 2;
  ticket.change = 9;
  ticket.deadline = 1'000;
  pool.put(ticket);
  CommitResult refusal;
  refusal.kind = CommitResult::Kind::refused;
  refusal.ticket = ticket.id;
  refusal.state = TicketState::matched;
  refusal.attempt = 1;
  refusal.change = 5;
  pool.refused(refusal);
  EXPECT_TRUE(pool.pool().contains(ticket.id)) << "memory holds the requeue that came after the refusal";
  refusal.change = 12;
  pool.refused(refusal);
  EXPECT_FALSE(pool.pool().contains(ticket.id));
}

TEST(BucketMemory, IsReadAgainWhenItIsNotAsLargeAsTheQueue) {
  const Bucket bucket{fresh_tenant(), mode_named("duel"), default_region(), 1};
  ModeRules rules;
  rules.id = bucket.mode;
  rules.team_sizes = {1};
  BucketState pool(bucket, rules, true);
  EXPECT_FALSE(pool.complete());
  pool.read(pool.poll_request(), {0, {}}, 0);
  pool.verify();
  EXPECT_TRUE(pool.complete());
  pool.read(pool.poll_request(), {1, {}}, 7);  // the queue has a ticket that the copy does not have
  pool.verify();
  EXPECT_FALSE(pool.complete());
  EXPECT_EQ(pool.poll_request().cursor, 0);
}

// A copy of a commit is delayed until its match was cancelled and its tickets are queued again.
TEST(Commit, IsRefusedToAnotherTokenAndToALateCopy) {
  auto& world = shared();
  const auto tenant = fresh_tenant();
  const Bucket bucket{tenant, mode_named("casual"), default_region(),
                      5};  // too few tickets for the owner to make a match
  const PartitionName name{tenant, partition_of(bucket.text())};
  const auto one = request_of(tenant, "casual", 5, {1500});
  ASSERT_TRUE(world.send(one).ok());
  std::string token;
  ASSERT_TRUE(eventually([&] { return !(token = token_of(world, tenant, name.partition)).empty(); }));

  CommitRequest request{name, "999:somebody", bucket.text(), {}, {{*one.ticket_id, 1, 0, 0, 1500}}};
  request.found.match_id = MatchId::fresh(wall());
  request.found.tenant = tenant;
  request.found.mode = bucket.mode;
  request.found.region = bucket.region;
  request.found.team_size = 5;
  request.found.teams.resize(2);
  request.found.teams[0].players.push_back({one.players[0].player_id, one.ticket_id, std::nullopt, 1500, 0});
  world.owner_store.use({world.generation().run, 1});
  const auto commit = [&]() {
    const auto decided = world.owner_store.decide({request}, {}, soon());
    return decided ? decided->commits[0].kind : CommitResult::Kind::failed;
  };
  using Kind = CommitResult::Kind;
  EXPECT_EQ(commit(), Kind::lost);
  request.token = token;
  EXPECT_EQ(commit(), Kind::ok);
  EXPECT_EQ(commit(), Kind::ok) << "the commit is repeated, because its answer was lost";
  ASSERT_TRUE(
      world.store
          .outcome({tenant, request.found.match_id, OutcomeKind::cancelled, CancelReason::no_server, {*one.ticket_id}},
                   soon())
          .ok());
  EXPECT_EQ(commit(), Kind::refused);
  EXPECT_EQ(world.redis_command({"HLEN", "mm:{" + tenant.str() + "}:live"}).integer, 0);
}

TEST(Clock, JumpsOfTheStoreNeitherAgeTicketsNorMakeThemYoung) {
  auto& world = shared();
  for (const std::string jump : {"3600000", "-3600000"}) {
    const auto tenant = fresh_tenant();
    const auto prefix = "mm:{" + tenant.str() + "}:";
    const auto before = request_of(tenant, "ranked", 5, {1500});
    ASSERT_TRUE(world.send(before).ok());
    const auto partition = partition_of(tenant.str() + ":ranked:eu-west:5");
    // The owner has renewed the lease since it acquired it, so it knows the time before the jump.
    ASSERT_TRUE(eventually([&] {
      const auto beat = world.redis_command({"HGET", prefix + "lease:" + partition, "beat"}).text;
      return !beat.empty() && std::stoi(beat) >= 2;
    }));

    // A ticket with the time after the jump, enqueued before the owner has seen the jump.
    const auto after = request_of(tenant, "ranked", 5, {1500});
    storage::RedisCommand enqueue;
    enqueue.script = &scripts::kEnqueue;
    enqueue.keys = {prefix};
    enqueue.arguments = {after.ticket_id->to_string(),
                         "content",
                         "0",
                         players_text(after.players),
                         "",
                         "",
                         "ranked",
                         "eu-west",
                         "5",
                         "",
                         tenant.str() + ":ranked:eu-west:5",
                         partition,
                         "600000",
                         "1|1|100",
                         "1000",
                         "1000",
                         "100",
                         "300000"};
    const auto replies =
        world.queue.pipeline({{{"MULTI"}, nullptr, {}},
                              {{"HINCRBY", prefix + "lease:" + partition, "offset_ms", jump}, nullptr, {}},
                              enqueue,
                              {{"EXEC"}, nullptr, {}}},
                             soon());
    ASSERT_TRUE(replies.ok());
    ASSERT_EQ(replies->back().items.size(), 2U);

    const auto offset = [&] {
      return std::stoll(world.redis_command({"HGET", prefix + "lease:" + partition, "offset_ms"}).text);
    };
    EXPECT_TRUE(eventually([&] { return std::abs(offset()) < 3'000; })) << offset();
    GetTicket request;
    request.tenant = tenant;
    request.ticket_id = after.ticket_id;
    const auto near_now = [&] {
      const auto ticket = world.send(request);
      return ticket && std::abs((ticket->queued_at - wall()).count()) < 10'000;
    };
    EXPECT_TRUE(eventually(near_now));
    EXPECT_EQ(world.send(request)->status, TicketStatus::searching);
    request.ticket_id = before.ticket_id;
    EXPECT_EQ(world.send(request)->status, TicketStatus::searching);
    EXPECT_TRUE(near_now());
  }
}

TEST(Sweep, DeletesTicketsThatEndedLongAgo) {
  auto& world = shared();
  const auto tenant = fresh_tenant();
  const auto prefix = "mm:{" + tenant.str() + "}:";
  auto old = request_of(tenant, "ranked", 5, {1500});
  old.ticket_id = TicketId::parse("0b6b2a1e-5f0c-4c0e-9d67-0a5e2d1c7f33");  // version 4: without a time
  const auto recent = request_of(tenant, "ranked", 5, {1500});
  // Its end looks old, as after a jump of Redis's clock, but its id is not.
  const auto recent_id = request_of(tenant, "ranked", 5, {1500});
  for (const auto& request : {old, recent, recent_id}) {
    ASSERT_TRUE(world.send(request).ok());
    CancelTicket cancel;
    cancel.tenant = tenant;
    cancel.ticket_id = *request.ticket_id;
    ASSERT_TRUE(world.send(cancel).ok());
  }
  for (const auto& request : {recent_id, old})
    world.redis_command({"ZINCRBY", prefix + "ended", "-900000", request.ticket_id->to_string()});
  EXPECT_TRUE(eventually([&] {
    return world.redis_command({"EXISTS", prefix + "ticket:" + old.ticket_id->to_string()}).integer == 0;
  }));
  EXPECT_EQ(world.redis_command({"EXISTS", prefix + "ticket:" + recent.ticket_id->to_string()}).integer, 1);
  EXPECT_EQ(world.redis_command({"EXISTS", prefix + "ticket:" + recent_id.ticket_id->to_string()}).integer, 1);
}

TEST(Takeover, AStandbyGoesOnWhenTheOwnerStops) {
  World world;
  auto owner = world.start("matchmaker-1");
  Stream stream(world);
  ASSERT_TRUE(eventually([&] { return stream.count() > 20; }));
  std::string first;
  ASSERT_TRUE(
      eventually([&] { return !(first = token_of(world, stream.tenant(), duel_partition(stream.tenant()))).empty(); }));
  auto standby = world.start("matchmaker-2");
  ASSERT_TRUE(eventually([&] { return stream.count() > 40; }));
  EXPECT_EQ(standby->metric("mm_matchmaker_partitions_owned"), 0);
  owner->stop();
  const auto at = stream.count();
  ASSERT_TRUE(eventually([&] { return stream.count() > at + 20; }));
  ASSERT_TRUE(eventually([&] { return standby->metric("mm_matchmaker_matches_total{mode=\"duel\"}") > 0; }));
  EXPECT_NE(token_of(world, stream.tenant(), duel_partition(stream.tenant())), first);
  const auto tickets = stream.stop();
  expect_all_matched_once(world, stream.tenant(), tickets);
}

TEST(Takeover, NothingIsLostWhenTheOwnerIsKilled) {
  World world;
  auto owner = std::make_unique<Process>(world, "matchmaker-1");
  Stream stream(world);
  ASSERT_TRUE(eventually([&] { return stream.count() > 20; }, Seconds(30)));
  auto standby = world.start("matchmaker-2");
  owner->kill();
  ASSERT_TRUE(eventually([&] { return standby->metric("mm_matchmaker_matches_total{mode=\"duel\"}") > 10; }));
  const auto tickets = stream.stop();
  expect_all_matched_once(world, stream.tenant(), tickets);
}

TEST(Takeover, AZombieThatWakesUpChangesNothing) {
  World world;
  auto owner = std::make_unique<Process>(world, "matchmaker-1");
  Stream stream(world);
  ASSERT_TRUE(eventually([&] { return stream.count() > 20; }, Seconds(30)));
  std::string first;
  ASSERT_TRUE(
      eventually([&] { return !(first = token_of(world, stream.tenant(), duel_partition(stream.tenant()))).empty(); }));
  auto standby = world.start("matchmaker-2");
  for (int i = 0; i < 2; ++i) {
    owner->signal(SIGSTOP);
    const auto at = standby->metric("mm_matchmaker_matches_total{mode=\"duel\"}");
    ASSERT_TRUE(eventually([&] { return standby->metric("mm_matchmaker_matches_total{mode=\"duel\"}") > at + 5; },
                           Seconds(20)));
    owner->signal(SIGCONT);
    ASSERT_TRUE(eventually([&] { return standby->metric("mm_matchmaker_matches_total{mode=\"duel\"}") > at + 10; },
                           Seconds(20)));
  }
  EXPECT_NE(token_of(world, stream.tenant(), duel_partition(stream.tenant())), first);
  const auto tickets = stream.stop();
  expect_all_matched_once(world, stream.tenant(), tickets);
  EXPECT_EQ(owner->end(SIGTERM), 0) << "the instance goes on as a standby";
}

TEST(Outage, OfTheQueueRefusesNewTicketsAndPausesTheTick) {
  World world;
  auto instance = world.start("matchmaker-1");
  const auto tenant = fresh_tenant();
  const auto before = request_of(tenant, "duel", 1, {1500});
  ASSERT_TRUE(world.send(before).ok());
  ASSERT_TRUE(eventually([&] { return instance->health().ready(); }));
  world.redis.kill();
  const auto refused = world.send(request_of(tenant, "duel", 1, {1500}));
  EXPECT_EQ(code_of(refused), Code::unavailable);
  EXPECT_EQ(refused.error().retry_after_seconds, 1);
  EXPECT_TRUE(eventually([&] { return instance->metric("mm_matchmaker_ticks_failed_total") > 2; }));
  EXPECT_TRUE(eventually([&] { return !instance->health().ready(); }));
  world.redis.restart();
  const auto after = request_of(tenant, "duel", 1, {1500});
  ASSERT_TRUE(eventually([&] { return world.send(after).ok(); }));
  EXPECT_TRUE(eventually([&] { return world.published.match_of(*before.ticket_id).has_value(); }));
  EXPECT_TRUE(world.published.match_of(*after.ticket_id).has_value());
  EXPECT_TRUE(eventually([&] { return instance->health().ready(); }));
}

TEST(Outage, AnswersThatWereLostLeaveNoMatchMadeTwice) {
  World world;
  auto instance = world.start("matchmaker-1");
  Stream stream(world);
  for (int i = 0; i < 3; ++i) {
    const auto at = stream.count();
    ASSERT_TRUE(eventually([&] { return stream.count() > at + 10; }, Seconds(20)));
    world.redis.freeze();
    const auto failed = instance->metric("mm_matchmaker_ticks_failed_total");
    ASSERT_TRUE(eventually([&] { return instance->metric("mm_matchmaker_ticks_failed_total") > failed; }));
    world.redis.thaw();
  }
  const auto at = stream.count();
  ASSERT_TRUE(eventually([&] { return stream.count() > at + 10; }, Seconds(20)));
  const auto tickets = stream.stop();
  expect_all_matched_once(world, stream.tenant(), tickets);
}

TEST(Outage, AQueueThatWasEmptiedIsFilledAnew) {
  World world;
  auto instance = world.start("matchmaker-1");
  const auto tenant = fresh_tenant();
  const auto lost = request_of(tenant, "duel", 1, {1500});
  ASSERT_TRUE(world.send(lost).ok());
  ASSERT_TRUE(eventually([&] { return !token_of(world, tenant, duel_partition(tenant)).empty(); }));
  world.redis.restart_without_state();
  const auto left = request_of(tenant, "duel", 1, {1500});
  const auto right = request_of(tenant, "duel", 1, {1500});
  ASSERT_TRUE(eventually([&] { return world.send(left).ok(); }));
  ASSERT_TRUE(eventually([&] { return world.send(right).ok(); }));
  ASSERT_TRUE(eventually([&] { return world.published.match_of(*left.ticket_id).has_value(); }));
  EXPECT_TRUE(world.published.match_of(*right.ticket_id).has_value());
  EXPECT_FALSE(world.published.match_of(*lost.ticket_id).has_value());
}

TEST(Outage, OfTheBusMakesAnInstanceStepDownAndComeBack) {
  World world;
  auto instance = world.start("matchmaker-1");
  const auto tenant = fresh_tenant();
  const auto before = request_of(tenant, "duel", 1, {1500});
  ASSERT_TRUE(world.send(before).ok());
  ASSERT_TRUE(eventually([&] { return !token_of(world, tenant, duel_partition(tenant)).empty(); }));
  world.nats.kill();
  EXPECT_TRUE(eventually([&] { return token_of(world, tenant, duel_partition(tenant)).empty(); }))
      << "an owner that cannot publish its matches releases its partitions";
  world.nats.restart();
  const auto after = request_of(tenant, "duel", 1, {1500});
  ASSERT_TRUE(eventually([&] { return world.send(after).ok(); }));
  EXPECT_TRUE(eventually([&] { return world.published.match_of(*before.ticket_id).has_value(); }, Seconds(20)));
  EXPECT_TRUE(eventually([&] { return !token_of(world, tenant, duel_partition(tenant)).empty(); }));
}

}  // namespace
}  // namespace mm::matchmaker
