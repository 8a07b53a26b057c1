// Tests that a queue that was emptied, or replaced by an older one, is noticed and brought in line with session's
// matches before anything is committed in it.
#include <algorithm>
#include <filesystem>
#include <set>

#include "tests/integration/matchmaker/process.h"
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {
namespace {

using testing::eventually;

std::string key(const Tenant& tenant, const std::string& name) { return "mm:{" + tenant.str() + "}:" + name; }

/// A world of its own with one tenant.
struct Scene {
  World world;
  Tenant tenant = fresh_tenant();
  std::unique_ptr<Instance> instance = world.start("matchmaker-1");

  Scene() { EXPECT_TRUE(verified()); }

  std::optional<QueueGeneration> generation_of_state;  ///< as in session when stored_state() stopped Redis

  bool verified() {
    return eventually([&] { return instance->health().ready() && world.generation().verified(); }, Seconds(20));
  }
  /// Waits until the generation has this number, and is verified.
  bool verified_as(std::int64_t number) {
    return eventually(
        [&] {
          const auto read = world.generation();
          return read.verified() && read.generation->number == number && instance->health().ready();
        },
        Seconds(20));
  }
  double went_back(const std::string& store = "redis_queue") const {
    return instance->metric("mm_matchmaker_store_went_back_total{store=\"" + store + "\"}");
  }
  /// Deletes all keys at once, as FLUSHALL does. (The operator may not use FLUSHALL.)
  void empty_queue() {
    world.redis_command({"EVAL", "for _, k in ipairs(redis.call('KEYS', '*')) do redis.call('DEL', k) end", "0"});
  }
  /// Waits until session has recorded a later mark than now.
  void await_mark() {
    const auto from = world.session.generation()->mark;
    ASSERT_TRUE(eventually([&] { return world.session.generation()->mark > from; }));
  }
  /// Stops Redis, and starts it with the file of an earlier call of stored_state().
  void replace_queue(const std::string& state) {
    world.redis.stop();
    std::filesystem::remove_all(world.redis.data_folder());
    std::filesystem::copy(state, world.redis.data_folder(), std::filesystem::copy_options::recursive);
    world.redis.restart();
  }
  std::string stored_state() {
    const auto copy = world.redis.data_folder() + ".copy";
    world.redis.stop();
    generation_of_state = world.session.generation();
    std::filesystem::copy(world.redis.data_folder(), copy, std::filesystem::copy_options::recursive);
    world.redis.restart();
    EXPECT_TRUE(verified());
    return copy;
  }

  Enqueue enqueue(const std::string& mode = "duel") {
    const auto request = request_of(tenant, mode, mode == "duel" ? 1 : 5, {1500});
    EXPECT_TRUE(eventually([&] { return world.send(request).ok(); }));
    return request;
  }
  /// Another request with the player of this one.
  Enqueue again(Enqueue request) {
    request.ticket_id = TicketId::fresh(wall());
    return request;
  }
  MatchFound match_of(const Enqueue& request) {
    EXPECT_TRUE(eventually([&] { return world.published.match_of(*request.ticket_id).has_value(); }, Seconds(20)));
    return world.published.match_of(*request.ticket_id).value_or(MatchFound{});
  }
  /// A match that session knows.
  MatchFound play(const Enqueue& left, const Enqueue& right) {
    const auto found = match_of(left);
    EXPECT_EQ(found.match_id, match_of(right).match_id);
    EXPECT_TRUE(eventually([&] { return unconfirmed() == 0; }));
    return found;
  }
  std::int64_t unconfirmed() { return world.redis_command({"ZCARD", key(tenant, "unconfirmed")}).integer; }
  bool is_live(MatchId match) {
    return world.redis_command({"HEXISTS", key(tenant, "live"), match.to_string()}).integer == 1;
  }
  std::string state_of(const Enqueue& request) {
    return world.redis_command({"HGET", key(tenant, "ticket:" + request.ticket_id->to_string()), "state"}).text;
  }
  bool closed_by_reset(const Enqueue& request) {
    return eventually([&] {
      for (const auto& closed : world.published.events<TicketClosed>(request.ticket_id->to_string())) {
        if (closed.ticket_id == *request.ticket_id) return closed.reason == CloseReason::queue_reset;
      }
      return false;
    });
  }
  std::int64_t epoch() {
    const auto text = world.redis_command({"GET", key(tenant, "epoch")}).text;
    return text.empty() ? 0 : std::stoll(text);
  }
  void finish(const MatchFound& match) {
    world.session.set_status(match.match_id, MatchStatus::completed);
    MatchCompleted event;
    event.match_id = match.match_id;
    event.tenant = tenant;
    event.mode = match.mode;
    event.region = match.region;
    world.publish(event);
    ASSERT_TRUE(eventually([&] { return !is_live(match.match_id); }));
  }
};

TEST(Generation, BeginsWithTheFirstStartAndItsMarkGrowsInBothStores) {
  Scene scene;
  const auto first = scene.world.session.generation();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->number, 1);
  EXPECT_EQ(scene.world.generation().generation->id, first->id);
  scene.await_mark();
  scene.await_mark();
  EXPECT_EQ(scene.world.session.generation()->id, first->id);
  EXPECT_EQ(scene.went_back(), 0);
}

TEST(Generation, GoesOnAfterARestartOfRedisThatLostNothing) {
  Scene scene;
  const auto waiting = scene.enqueue();
  const auto before = scene.world.generation();
  scene.world.redis.restart();
  const auto other = scene.enqueue();
  EXPECT_EQ(scene.match_of(waiting).match_id, scene.match_of(other).match_id);
  EXPECT_TRUE(scene.verified());
  const auto after = scene.world.generation();
  EXPECT_NE(after.run, before.run);
  EXPECT_EQ(after.generation->id, before.generation->id);
  EXPECT_EQ(scene.went_back(), 0);
}

TEST(Generation, AnEmptiedQueueGetsSessionsOpenMatchesAndTheNextNumber) {
  Scene scene;
  auto left = scene.enqueue(), right = scene.enqueue();
  const auto match = scene.play(left, right);
  const auto lost = scene.enqueue("ranked");
  testing::EventRecorder resets(*scene.world.bus, {std::string(QueueReset::kSubject.text)});
  const auto epoch = scene.epoch();
  scene.await_mark();
  scene.empty_queue();

  ASSERT_TRUE(scene.verified_as(2));
  EXPECT_TRUE(scene.is_live(match.match_id));
  EXPECT_EQ(code_of(scene.world.send(scene.again(left))), Code::in_match);
  EXPECT_EQ(code_of(scene.world.send(scene.again(right))), Code::in_match);
  EXPECT_EQ(scene.state_of(lost), "") << "the player learns of it by queue.reset";
  EXPECT_TRUE(eventually([&] { return resets.events<QueueReset>().size() == 1; }));
  EXPECT_EQ(scene.went_back(), 1);
  EXPECT_EQ(scene.world.session.generation()->number, 2);

  // The player of the lost ticket can queue again, and the epoch is higher than all before.
  ASSERT_TRUE(scene.world.send(scene.again(lost)).ok());
  EXPECT_TRUE(eventually([&] { return scene.epoch() > epoch; }));
  // The end of the match frees its players.
  scene.finish(match);
  EXPECT_TRUE(scene.world.send(scene.again(left)).ok());
}

TEST(Generation, RestoresEveryPageOfOpenMatches) {
  Scene scene;
  std::vector<Enqueue> tickets;
  for (int i = 0; i < 16; ++i) tickets.push_back(scene.enqueue());
  std::set<MatchId> matches;
  for (const auto& ticket : tickets) matches.insert(scene.match_of(ticket).match_id);
  EXPECT_EQ(matches.size(), 8U);
  ASSERT_TRUE(eventually([&] { return scene.unconfirmed() == 0; }));
  scene.empty_queue();
  ASSERT_TRUE(scene.verified_as(2));
  for (const auto& match : matches) EXPECT_TRUE(scene.is_live(match)) << match.to_string();
  EXPECT_EQ(scene.instance->metric("mm_matchmaker_matches_restored_total"), 8);
}

TEST(Generation, TicketsOfAnOlderQueueAreNotPlayedAgain) {
  Scene scene;
  const auto early = scene.enqueue();
  const auto waiting = scene.enqueue("ranked");
  const auto state = scene.stored_state();
  const auto rival = scene.enqueue();
  const auto over = scene.play(early, rival);
  scene.finish(over);
  auto left = scene.enqueue(), right = scene.enqueue();
  const auto open = scene.play(left, right);
  scene.await_mark();
  scene.replace_queue(state);

  ASSERT_TRUE(scene.verified_as(2));
  EXPECT_EQ(scene.went_back(), 1);
  EXPECT_TRUE(scene.closed_by_reset(early)) << "its match is over; the older queue has it as queued";
  EXPECT_TRUE(scene.closed_by_reset(waiting));
  EXPECT_TRUE(scene.is_live(open.match_id));
  EXPECT_EQ(code_of(scene.world.send(scene.again(left))), Code::in_match);
  // New tickets are matched with each other, not with the old ones.
  const auto one = scene.enqueue(), two = scene.enqueue();
  EXPECT_EQ(scene.match_of(one).match_id, scene.match_of(two).match_id);
  EXPECT_EQ(scene.world.published.match_of(*early.ticket_id)->match_id, over.match_id);
}

// The stream drops an event with an id that it has, and with it the news for lobby, whose parties are older, too.
TEST(Generation, TheEndOfATicketThatHadEndedInTheLostPartIsAnEventOfItsOwn) {
  Scene scene;
  const auto withdrawn = scene.enqueue("ranked");
  const auto state = scene.stored_state();
  ASSERT_TRUE(scene.world.send(CancelTicket{scene.tenant, *withdrawn.ticket_id}).ok());
  scene.await_mark();
  scene.replace_queue(state);
  ASSERT_TRUE(scene.verified_as(2));
  EXPECT_TRUE(eventually([&] {
    const auto sent = scene.world.redis_command({"LRANGE", key(scene.tenant, "sent"), "0", "-1"});
    const auto id = withdrawn.ticket_id->to_string() + ".1.reset";
    return std::ranges::any_of(sent.items, [&](const auto& entry) { return entry.text.find(id) != std::string::npos; });
  }));
}

TEST(Generation, ATicketOfAnOlderQueueThatIsInAnOpenMatchIsMatched) {
  Scene scene;
  const auto early = scene.enqueue();
  const auto state = scene.stored_state();
  const auto rival = scene.enqueue();
  const auto match = scene.play(early, rival);
  scene.await_mark();
  scene.replace_queue(state);
  ASSERT_TRUE(scene.verified_as(2));
  EXPECT_EQ(scene.state_of(early), "matched");
  EXPECT_EQ(code_of(scene.world.send(scene.again(early))), Code::in_match);
  EXPECT_EQ(scene.world.published.times_closed(*early.ticket_id), 0);
  // It is in its latest match, so it is queued again if this match is cancelled.
  ASSERT_TRUE(
      scene.world.store
          .outcome({scene.tenant, match.match_id, OutcomeKind::cancelled, CancelReason::no_server, {*early.ticket_id}},
                   soon())
          .ok());
  EXPECT_EQ(scene.state_of(early), "queued");
}

// The match of the older queue was cancelled and its ticket was in a second match, which is over.
TEST(Generation, ATicketThatAnOlderQueueHasInACancelledMatchIsNotQueuedAgain) {
  Scene scene;
  const auto ticket = scene.enqueue();
  const auto first = scene.play(ticket, scene.enqueue());
  const auto state = scene.stored_state();
  scene.await_mark();
  scene.world.session.set_status(first.match_id, MatchStatus::cancelled, {*ticket.ticket_id});
  scene.replace_queue(state);
  ASSERT_TRUE(scene.verified_as(2));
  MatchCancelled event;
  event.match_id = first.match_id;
  event.tenant = scene.tenant;
  event.reason = CancelReason::no_server;
  event.requeue = {*ticket.ticket_id};
  scene.world.publish(event);
  EXPECT_TRUE(eventually([&] { return !scene.is_live(first.match_id); }));
  EXPECT_EQ(scene.state_of(ticket), "cancelled");
  EXPECT_TRUE(scene.closed_by_reset(ticket));
}

// Less than a mark was lost, but session has a match that the queue does not have.
TEST(Generation, AMissingMatchShowsThatTheQueueIsOlder) {
  Scene scene;
  const auto early = scene.enqueue();
  const auto state = scene.stored_state();
  const auto match = scene.play(early, scene.enqueue());
  scene.instance->stop();
  scene.world.session.set_generation(scene.generation_of_state);  // as if no mark had been recorded since
  scene.replace_queue(state);
  scene.instance = scene.world.start("matchmaker-2");
  ASSERT_TRUE(scene.verified_as(2));
  EXPECT_TRUE(scene.is_live(match.match_id));
  EXPECT_EQ(scene.went_back(), 1);
}

TEST(Generation, WithoutSessionNothingIsCommittedAndTicketsWait) {
  Scene scene;
  const auto left = scene.enqueue("ranked");
  scene.world.session.set_verifying(false);
  scene.world.redis.restart();
  ASSERT_TRUE(eventually([&] { return !scene.instance->health().ready(); }));
  EXPECT_TRUE(eventually([&] {
    const auto failing = scene.instance->health().failing();
    return std::find(failing.begin(), failing.end(), "queue_verified") != failing.end();
  }));
  const auto one = scene.enqueue(), two = scene.enqueue();
  MakeMatch by_hand;
  by_hand.match_id = MatchId::fresh(wall());
  by_hand.tenant = scene.tenant;
  by_hand.mode = mode_named("duel");
  by_hand.region = default_region();
  by_hand.teams = {{player_rated(1500)}, {player_rated(1500)}};
  EXPECT_EQ(code_of(scene.world.send(by_hand)), Code::unavailable);
  const auto ticks = scene.instance->metric("mm_matchmaker_ticks_failed_total");
  ASSERT_TRUE(eventually([&] { return scene.instance->metric("mm_matchmaker_ticks_failed_total") > ticks + 20; }));
  EXPECT_FALSE(scene.world.published.match_of(*one.ticket_id).has_value());
  CancelTicket cancel;
  cancel.tenant = scene.tenant;
  cancel.ticket_id = *left.ticket_id;
  EXPECT_TRUE(scene.world.send(cancel).ok());

  scene.world.session.set_verifying(true);
  EXPECT_EQ(scene.match_of(one).match_id, scene.match_of(two).match_id);
  EXPECT_TRUE(scene.world.send(by_hand).ok());
  EXPECT_EQ(scene.went_back(), 0);
}

// Tickets that were acknowledged while session was away are newer than the loss.
TEST(Generation, TicketsOfTheTimeWithoutSessionStay) {
  Scene scene;
  const auto old = scene.enqueue("ranked");
  const auto state = scene.stored_state();
  scene.await_mark();
  scene.await_mark();
  scene.world.session.set_verifying(false);
  scene.replace_queue(state);
  ASSERT_TRUE(eventually([&] {
    return !scene.world.redis_command({"HGET", "mm:generation", "verified_since"}).text.empty();
  }));
  const auto fresh = scene.enqueue("ranked");
  scene.world.session.set_verifying(true);
  ASSERT_TRUE(scene.verified_as(2));
  EXPECT_EQ(scene.state_of(fresh), "queued");
  EXPECT_EQ(scene.state_of(old), "cancelled");
}

// The event match.found was on its way to session when the queue was emptied.
TEST(Generation, AMatchThatSessionStoresAfterwardsBecomesLive) {
  Scene scene;
  scene.world.session.set_ignoring_events(true);
  const auto left = scene.enqueue(), right = scene.enqueue();
  const auto match = scene.match_of(left);
  scene.empty_queue();
  ASSERT_TRUE(scene.verified_as(2));
  EXPECT_FALSE(scene.is_live(match.match_id));
  scene.world.session.learn(match);
  EXPECT_TRUE(eventually([&] { return scene.is_live(match.match_id); }, Seconds(30)));
  EXPECT_EQ(code_of(scene.world.send(scene.again(right))), Code::in_match);
}

TEST(Generation, AnOlderDatabaseIsReported) {
  Scene scene;
  const auto early = *scene.world.session.generation();
  for (int i = 0; i < 3; ++i) scene.await_mark();
  scene.world.session.set_generation(early);
  ASSERT_TRUE(scene.verified_as(2));
  EXPECT_EQ(scene.went_back("postgres"), 1);
  EXPECT_EQ(scene.went_back(), 0);
}

TEST(Generation, AMatchmakerThatIsKilledInBetweenIsReplacedByAnother) {
  Scene scene;
  auto left = scene.enqueue(), right = scene.enqueue();
  const auto match = scene.play(left, right);
  scene.instance->stop();
  auto killed = std::make_unique<Process>(scene.world, "matchmaker-2");
  scene.await_mark();
  scene.world.session.set_verifying(false);
  scene.empty_queue();
  ASSERT_TRUE(eventually([&] {
    return !scene.world.redis_command({"HGET", "mm:generation", "verified_since"}).text.empty();
  }));
  killed->kill();
  scene.world.session.set_verifying(true);
  scene.instance = scene.world.start("matchmaker-3");
  ASSERT_TRUE(scene.verified_as(2));
  EXPECT_TRUE(scene.is_live(match.match_id));
}

// As if an instance had been killed between the last two steps: session has the next generation, the queue does not.
TEST(Generation, IsAdoptedWithoutASecondAlarmIfOnlyTheLastStepIsMissing) {
  Scene scene;
  scene.instance->stop();
  scene.empty_queue();
  const auto begun = scene.world.generation_store.begin_verification(GenerationId::fresh(wall()), soon());
  ASSERT_TRUE(begun.ok());
  scene.world.session.set_generation(QueueGeneration{begun->next_id, 2, 100});
  scene.instance = scene.world.start("matchmaker-2");
  ASSERT_TRUE(scene.verified_as(2));
  EXPECT_EQ(scene.went_back(), 0);
}

TEST(Generation, TheEndOfAVerificationOfAQueueThatWasEmptiedMeanwhileIsRefused) {
  Scene scene;
  scene.instance->stop();
  auto& store = scene.world.generation_store;
  const auto begun = store.begin_verification(GenerationId::fresh(wall()), soon());
  ASSERT_TRUE(begun.ok());
  EXPECT_TRUE(*store.is_open(*begun, soon()));
  scene.empty_queue();
  EXPECT_FALSE(*store.is_open(*begun, soon()));
  EXPECT_FALSE(*store.adopt(*begun, *begun->generation, soon()));
  const auto again = store.begin_verification(GenerationId::fresh(wall()), soon());
  EXPECT_FALSE(again->generation.has_value());
  EXPECT_FALSE(*store.adopt(*begun, *scene.world.session.generation(), soon()));
}

// A commit and a lease that were prepared for another process of redis-server.
TEST(Generation, NothingIsCommittedForAnotherProcessOfRedis) {
  auto& world = shared();
  const auto tenant = fresh_tenant();
  const Bucket bucket{tenant, mode_named("casual"), default_region(), 5};
  const auto ticket = request_of(tenant, "casual", 5, {1500});
  ASSERT_TRUE(world.send(ticket).ok());
  OwnerStore store(world.queue);
  const PartitionName name{tenant, partition_of(bucket.text())};
  std::string token;
  ASSERT_TRUE(eventually([&] {
    token = world.redis_command({"HGET", key(tenant, "lease:" + name.partition), "token"}).text;
    return !token.empty();
  }));
  CommitRequest commit{name, token, bucket.text(), {}, {{*ticket.ticket_id, 1, 0, 0, 1500}}};
  commit.found.match_id = MatchId::fresh(wall());
  commit.found.tenant = tenant;
  commit.found.mode = bucket.mode;
  commit.found.region = bucket.region;
  store.use({std::string(40, 'a'), 1});
  EXPECT_EQ(store.decide({commit}, {}, soon())->commits[0].kind, CommitResult::Kind::failed);
  EXPECT_FALSE(store.acquire_leases({{{tenant, "nobody"}, "", "", "fresh"}}, soon())->front().acquired);
  store.use({world.generation().run, 1});
  EXPECT_TRUE(store.acquire_leases({{{tenant, "nobody"}, "", "", "fresh"}}, soon())->front().acquired);
}

TEST(Epoch, OfALaterGenerationIsGreaterAlsoInAnEmptyQueue) {
  auto& world = shared();
  const auto run = world.generation().run;
  const auto epoch_in = [&](std::int64_t number) {
    OwnerStore store(world.queue);
    store.use({run, number});
    const auto lease = store.acquire_leases({{{fresh_tenant(), "3"}, "", "", "x-1"}}, soon());
    EXPECT_TRUE(lease->front().acquired);
    return std::stoll(lease->front().token);
  };
  EXPECT_EQ(epoch_in(1), 1'000'000'001);
  EXPECT_EQ(epoch_in(2), 2'000'000'001);
  // An instance that has seen an epoch goes on from it, before it notices that the queue was emptied.
  OwnerStore store(world.queue);
  store.use({run, 1});
  const auto tenant = fresh_tenant();
  std::int64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    world.redis_command({"DEL", key(tenant, "epoch"), key(tenant, "lease:3")});
    const auto lease = store.acquire_leases({{{tenant, "3"}, "", "", "x-1"}}, soon());
    const auto epoch = std::stoll(lease->front().token);
    EXPECT_GT(epoch, last);
    last = epoch;
  }
}

}  // namespace
}  // namespace mm::matchmaker
