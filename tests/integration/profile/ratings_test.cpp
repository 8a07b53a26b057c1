// Tests that every match.completed changes the ratings once and gives one match.rated, through duplicates and outages.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>

#include "common/bus/outbox.h"
#include "common/storage/redis.h"
#include "common/wire/mode_table.h"
#include "tests/integration/profile/rated_events.h"
#include "tests/integration/profile/replay.h"

namespace mm::profile {
namespace {

using testing::eventually;

const Mode kCasual = *Mode::parse("casual");
const Mode kDuel = *Mode::parse("duel");

std::int64_t applied(const Tenant& tenant) {
  return number("SELECT count(*) FROM profile.applied WHERE tenant = '" + tenant.str() + "'");
}

class RatingEvents : public ::testing::Test {
 protected:
  bool await_applied(std::int64_t count) const {
    return eventually([&] { return applied(tenant_) == count; }, Milliseconds{60'000});
  }
  std::int64_t sum(const std::string& column) const {
    return number("SELECT coalesce(sum(" + column + "), 0) FROM profile.rating WHERE tenant = '" + tenant_.str() + "'");
  }
  /// Expects changes with a sum of zero, and one game per player and match.
  void expect_consistent(std::int64_t matches, std::int64_t players_per_match) const {
    EXPECT_EQ(applied(tenant_), matches);
    EXPECT_EQ(sum("games"), matches * players_per_match);
    EXPECT_EQ(sum("mmr - 150000"), 0);
    EXPECT_EQ(number("SELECT count(*) FROM profile.rating_change c JOIN profile.applied a USING (match_id) "
                     "WHERE a.tenant = '" +
                     tenant_.str() + "'"),
              matches * players_per_match);
  }

  void lose_the_streams() const {
    auto& world = World::get();
    const auto before = world.bus->server_id();
    world.nats.restart_without_state();
    ASSERT_TRUE(eventually([&] { return world.bus->connected() && world.bus->server_id() != before; }));
  }

  const Tenant tenant_ = fresh_tenant();
  Instance profile_;
};

TEST_F(RatingEvents, RatesAMatchAndPublishesIt) {
  const RatedEvents events;
  const auto ann = registered(tenant_, "ann");
  const auto stranger = fresh_player();
  auto match = match_of(tenant_, {{ann.player_id}, {stranger}}, 0);
  match.teams[0][0].mmr = 1234.5;
  match.teams[0][0].stats.text = R"({"kills":3})";
  publish(match);

  const auto rated = events.await(match.match_id);
  ASSERT_TRUE(rated);
  EXPECT_TRUE(rated->rated);
  EXPECT_EQ(rated->tenant, tenant_);
  EXPECT_EQ(rated->winning_team, 0);
  EXPECT_EQ(rated->ended_at, match.ended_at);
  const auto& winner = rated->teams.at(0).at(0);
  EXPECT_EQ(winner.username, "ann");
  EXPECT_DOUBLE_EQ(winner.mmr, 1234.5);
  EXPECT_DOUBLE_EQ(winner.mmr_before, 1500);
  EXPECT_DOUBLE_EQ(winner.mmr_after, 1520);
  EXPECT_EQ(winner.games, 1);
  EXPECT_EQ(winner.stats.text, R"({"kills":3})");
  const auto& loser = rated->teams.at(1).at(0);
  EXPECT_FALSE(loser.username);
  EXPECT_DOUBLE_EQ(loser.mmr_after, 1480);

  const auto profile = send(GetProfile{ann.player_id}, as_player(tenant_, ann.player_id));
  ASSERT_TRUE(profile.ok());
  EXPECT_EQ(profile->mmr, 1520);
  EXPECT_EQ(profile->wins, 1);
  EXPECT_EQ(profile->losses, 0);
  EXPECT_EQ(profile->ratings.at("ranked").games, 1);
  EXPECT_EQ(rating_of(tenant_, stranger), 148'000) << "players without an account are rated too";
}

TEST_F(RatingEvents, KeepsModesApartAndDoesNotRateUnratedModes) {
  const RatedEvents events;
  const auto ann = registered(tenant_, "ann");
  const auto other = fresh_player();
  publish(match_of(tenant_, {{ann.player_id}, {other}}, 0, kDuel));
  publish(match_of(tenant_, {{ann.player_id}, {other}}, std::nullopt, kCasual));
  const auto lost = match_of(tenant_, {{ann.player_id}, {other}}, 1, kCasual);
  publish(lost);
  const auto unrated = events.await(lost.match_id);
  ASSERT_TRUE(unrated);
  EXPECT_FALSE(unrated->rated);
  EXPECT_DOUBLE_EQ(unrated->teams[0][0].mmr_after, unrated->teams[0][0].mmr_before);
  EXPECT_EQ(unrated->teams[0][0].games, 2);

  const auto profile = send(GetProfile{ann.player_id}, as_player(tenant_, ann.player_id));
  ASSERT_TRUE(profile.ok());
  EXPECT_EQ(profile->mmr, 1500) << "the default mode is ranked, which was not played";
  ASSERT_EQ(profile->ratings.size(), 2U);
  EXPECT_EQ(profile->ratings.at("duel").mmr, 1520);
  EXPECT_EQ(profile->ratings.at("casual").mmr, 1500);
  EXPECT_EQ(profile->ratings.at("casual").draws, 1);
  EXPECT_EQ(profile->ratings.at("casual").losses, 1);
  EXPECT_EQ(profile->wins, 1);
  EXPECT_EQ(profile->losses, 1);
}

TEST_F(RatingEvents, ReturnsHowNamedMatchesChangedARating) {
  const auto players = fresh_players(2);
  const auto won = match_of(tenant_, {{players[0]}, {players[1]}}, 0);
  const auto unrated = match_of(tenant_, {{players[0]}, {players[1]}}, 0, kCasual);
  const auto unknown = match_of(tenant_, {{players[0]}, {players[1]}}, 0);
  publish(won);
  publish(unrated);
  ASSERT_TRUE(await_applied(2));
  const GetRatingChanges request{players[1], {unknown.match_id, unrated.match_id, won.match_id}};
  const auto answer = send(request, as_player(tenant_, players[1]));
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->changes.size(), 1U);
  EXPECT_EQ(answer->changes[0].match_id, won.match_id);
  EXPECT_DOUBLE_EQ(answer->changes[0].mmr_before, 1500);
  EXPECT_DOUBLE_EQ(answer->changes[0].mmr_after, 1480);
  EXPECT_DOUBLE_EQ(answer->changes[0].mmr_change, -20);
  EXPECT_EQ(send(request, as_player(tenant_, players[0])).error().code, Code::forbidden);
  EXPECT_TRUE(send(request, as_player(fresh_tenant(), players[1]))->changes.empty());
}

TEST_F(RatingEvents, CountsAMatchOfARemovedMode) {
  const auto players = fresh_players(2);
  const auto gone = *Mode::parse("gone");
  publish(match_of(tenant_, {{players[0]}, {players[1]}}, 0, gone));
  ASSERT_TRUE(await_applied(1));
  EXPECT_EQ(rating_of(tenant_, players[0], gone), kInitialRating);
  EXPECT_EQ(sum("wins"), 1);
}

TEST_F(RatingEvents, TenantsDoNotShareRatings) {
  const auto players = fresh_players(2);
  const auto other = fresh_tenant();
  publish(match_of(tenant_, {{players[0]}, {players[1]}}, 0));
  publish(match_of(other, {{players[0]}, {players[1]}}, 1));
  ASSERT_TRUE(await_applied(1));
  ASSERT_TRUE(eventually([&] { return applied(other) == 1; }));
  EXPECT_EQ(rating_of(tenant_, players[0]), 152'000);
  EXPECT_EQ(rating_of(other, players[0]), 148'000);
}

TEST_F(RatingEvents, AppliesAMatchOnceHoweverOftenItIsDelivered) {
  const RatedEvents events;
  const Instance second;
  const auto players = fresh_players(4);
  std::vector<MatchCompleted> matches;
  for (int i = 0; i < 20; ++i) {
    matches.push_back(match_of(tenant_, {{players[0], players[1]}, {players[2], players[3]}}, i % 2));
    // Delivered to two instances, out of order, five times each.
    for (int copy = 0; copy < 2; ++copy) publish(matches.back());
    for (int copy = 0; copy < 3; ++copy) publish(matches[static_cast<std::size_t>(i) / 2]);
  }
  ASSERT_TRUE(await_applied(20));
  const auto last = match_of(tenant_, {{players[0], players[1]}, {players[2], players[3]}}, 0);
  publish(last);
  ASSERT_TRUE(events.await(last.match_id));
  ASSERT_TRUE(eventually([&] {
    const auto known = [](const Instance& i) { return i.metric(R"(mm_profile_matches_total{outcome="known"})"); };
    return known(profile_) + known(second) == 80;
  }));
  expect_consistent(21, 4);
  for (const auto& match : matches) EXPECT_EQ(events.of(match.match_id).size(), 1U);
}

TEST_F(RatingEvents, AnEventWhoseAcknowledgementWasLostIsAppliedOnce) {
  const RatedEvents events;
  const auto players = fresh_players(2);
  const auto match = match_of(tenant_, {{players[0]}, {players[1]}}, 0);
  {
    // What an instance leaves that died after its commit and before its acknowledgement.
    metrics::Registry metrics;
    storage::Postgres postgres({World::get().postgres.url_as("profile"), World::get().postgres.password_of("profile"),
                                "died", 1, Milliseconds{2'000}});
    bus::Outbox outbox(postgres, *World::get().bus, "profile", metrics);
    const auto decide = [](const MatchCompleted& completed, const std::map<PlayerId, PlayerBefore>& ratings) {
      return rate_match(completed, ratings, wire::shipped_mode_table().find(ranked_mode()));
    };
    const auto done = Store(postgres, outbox).with_locked_ratings({&match}, decide, soon());
    ASSERT_TRUE(done.ok());
    ASSERT_TRUE(done->at(0).has_value());
  }
  publish(match);
  ASSERT_TRUE(eventually([&] { return profile_.metric(R"(mm_profile_matches_total{outcome="known"})") == 1; }));
  EXPECT_EQ(rating_of(tenant_, players[0]), 152'000);
  ASSERT_TRUE(events.await(match.match_id)) << "another instance publishes the events of the dead one";
  expect_consistent(1, 2);
}

TEST_F(RatingEvents, TheSecondMatchOfABatchStartsFromTheRatingsAfterTheFirst) {
  const auto players = fresh_players(2);
  const auto first = match_of(tenant_, {{players[0]}, {players[1]}}, 0);
  const auto second = match_of(tenant_, {{players[1]}, {players[0]}}, 0);
  metrics::Registry metrics;
  storage::Postgres postgres({World::get().postgres.url_as("profile"), World::get().postgres.password_of("profile"),
                              "batch", 1, Milliseconds{2'000}});
  bus::Outbox outbox(postgres, *World::get().bus, "profile", metrics);
  const auto decide = [](const MatchCompleted& completed, const std::map<PlayerId, PlayerBefore>& ratings) {
    return rate_match(completed, ratings, wire::shipped_mode_table().find(ranked_mode()));
  };
  const auto done = Store(postgres, outbox).with_locked_ratings({&first, &second, &first}, decide, soon());
  ASSERT_TRUE(done.ok());
  ASSERT_TRUE(done->at(0) && done->at(1));
  EXPECT_FALSE(done->at(2)) << "the same match twice in a batch";
  for (const auto& change : done->at(0)->changes) {
    const auto& next = done->at(1)->changes;
    const auto later =
        std::find_if(next.begin(), next.end(), [&](const auto& c) { return c.player_id == change.player_id; });
    ASSERT_NE(later, next.end());
    EXPECT_EQ(later->before.mmr, change.after.mmr);
  }
  expect_consistent(2, 2);
}

TEST_F(RatingEvents, AppliesEveryMatchOnceWhenTheDatabaseIsKilled) {
  const RatedEvents events;
  const auto players = fresh_players(8);
  auto& postgres = World::get().postgres;
  std::vector<MatchId> matches;
  for (std::size_t i = 0; i < 120; ++i) {
    if (i == 30 || i == 80) postgres.kill();
    if (i == 50 || i == 100) postgres.restart();
    const auto one = players[i % 8];
    const auto other = players[(i + 1 + i / 8 % 7) % 8];
    auto match = match_of(tenant_, {{one}, {other}}, i % 3 == 2 ? std::nullopt : std::optional<int>(i % 3));
    matches.push_back(match.match_id);
    publish(match);
  }
  ASSERT_TRUE(await_applied(120));
  expect_consistent(120, 2);
  for (const auto& match : matches) EXPECT_TRUE(events.await(match));
}

TEST_F(RatingEvents, AppliesEveryMatchOnceWhenTheStreamIsLost) {
  const auto players = fresh_players(2);
  std::vector<MatchCompleted> matches;
  for (int i = 0; i < 10; ++i) {
    matches.push_back(match_of(tenant_, {{players[0]}, {players[1]}}, i % 2));
    publish(matches.back());
  }
  ASSERT_TRUE(await_applied(10));
  lose_the_streams();
  // All matches are published again, as the relay of session does, and then a new one.
  for (const auto& match : matches) publish(match);
  publish(match_of(tenant_, {{players[0]}, {players[1]}}, 0));
  ASSERT_TRUE(await_applied(11));
  expect_consistent(11, 2);
  // The match.rated events of the lost stream are in the new stream.
  const RatedEvents events;
  for (const auto& match : matches) EXPECT_TRUE(events.await(match.match_id));
}

TEST_F(RatingEvents, AMatchThatSessionHasNotSignedChangesNoRating) {
  std::atomic<int> reports = 0;
  const bus::Subscription listening(*World::get().bus, "events.violation.forged_event", "",
                                    [&](std::string_view, std::string_view) { ++reports; });
  const auto players = fresh_players(2);
  const auto forged = match_of(tenant_, {{players[0]}, {players[1]}}, 0);
  metrics::Registry metrics;
  const auto engineer = connect(World::get().nats, metrics, "operator");
  ASSERT_TRUE(engineer->store(forged, forged.match_id.to_string(), soon()).ok());
  publish(match_of(tenant_, {{players[0]}, {players[1]}}, 1));
  ASSERT_TRUE(await_applied(1));
  EXPECT_TRUE(eventually([&] { return reports == 1; }));
  EXPECT_EQ(number("SELECT count(*) FROM profile.applied WHERE match_id = '" + forged.match_id.to_string() + "'"), 0);
  EXPECT_EQ(profile_.metric("mm_bus_forged_events_total{consumer=\"profile\",stream=\"MATCH\"}"), 1);
}

TEST_F(RatingEvents, AnEventThatCanNeverBeAppliedIsRejectedAndTheNextIsApplied) {
  std::atomic<int> poison = 0;
  const bus::Subscription listening(*World::get().bus, "events.violation.poison_message", "",
                                    [&](std::string_view, std::string_view) { ++poison; });
  const auto players = fresh_players(2);
  const auto good = match_of(tenant_, {{players[0]}, {players[1]}}, 0);
  auto twice = match_of(tenant_, {{players[0]}, {players[0]}}, 0);
  auto nobody = match_of(tenant_, {{players[0]}, {}}, 0);
  auto winner = match_of(tenant_, {{players[0]}, {players[1]}}, 2);
  publish(twice);
  publish(nobody);
  publish(winner);
  auto& bus = *World::get().bus;
  for (const char* body : {"", "{", "[]", R"({"match_id":"x"})", "\x01\x02"}) {
    ASSERT_TRUE(bus.store("match.completed", body, new_uuid(SystemClock{}.now()).to_string(), {}, soon()).ok());
  }
  publish(good);
  ASSERT_TRUE(await_applied(1));
  EXPECT_TRUE(eventually([&] { return poison == 8; }));
  expect_consistent(1, 2);
}

TEST_F(RatingEvents, NotifiesConnectedPlayersOfTheirNewRating) {
  auto& world = World::get();
  storage::Redis cache(testing::redis_options(world.cache));
  const auto players = fresh_players(2);
  // The cache is not empty, so a player without presence is taken to be offline.
  ASSERT_TRUE(cache.command({"SET", "mm:{" + tenant_.str() + "}:seq:seen", "1"}, soon()).ok());
  testing::set_connected(cache, tenant_, players[0]);
  std::mutex mutex;
  std::vector<std::string> frames;
  const bus::Subscription listening(*world.bus, "notify.*", "", [&](std::string_view subject, std::string_view body) {
    if (subject != notify_subject(players[0]) && subject != notify_subject(players[1])) return;
    std::lock_guard lock(mutex);
    frames.push_back(std::string(subject) + " " + std::string(body));
  });
  publish(match_of(tenant_, {{players[0]}, {players[1]}}, 0, kCasual));
  const auto rated = match_of(tenant_, {{players[0]}, {players[1]}}, 0);
  publish(rated);
  ASSERT_TRUE(eventually([&] {
    std::lock_guard lock(mutex);
    return !frames.empty();
  }));
  std::lock_guard lock(mutex);
  ASSERT_EQ(frames.size(), 1U) << "no frame for the unrated match or for an absent player";
  EXPECT_TRUE(frames[0].starts_with(notify_subject(players[0])));
  EXPECT_NE(frames[0].find(R"("event":"rating_changed")"), std::string::npos);
  EXPECT_NE(frames[0].find(rated.match_id.to_string()), std::string::npos);
  EXPECT_NE(frames[0].find(R"("mmr_before":1500,"mmr_after":1520,"mmr_change":20)"), std::string::npos) << frames[0];
}

TEST_F(RatingEvents, AReplayOfTheLogGivesTheRatingsAgain) {
  std::mt19937 random(20260131);
  const auto pick = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  const Instance second;
  const Instance third;
  const auto players = fresh_players(12);
  const Mode modes[] = {ranked_mode(), kDuel, kCasual};
  for (int i = 0; i < 150; ++i) {
    auto roster = players;
    std::shuffle(roster.begin(), roster.end(), random);
    std::vector<std::vector<PlayerId>> teams(static_cast<std::size_t>(2 + pick(1)));
    std::size_t next = 0;
    const auto size = static_cast<std::size_t>(1 + pick(1));
    for (auto& team : teams) {
      const auto own = pick(4) == 0 ? size + 1 : size;
      for (std::size_t s = 0; s < own; ++s) team.push_back(roster[next++]);
    }
    const int drawn = pick(static_cast<int>(teams.size()));
    publish(match_of(tenant_, teams, drawn == static_cast<int>(teams.size()) ? std::nullopt : std::optional(drawn),
                     modes[pick(2)]));
  }
  ASSERT_TRUE(await_applied(150));

  expect_log_gives_the_ratings(tenant_);
  EXPECT_EQ(sum("mmr - 150000"), 0);
}

TEST_F(RatingEvents, TheEventsOfTheLogCanBePublishedAgain) {
  const auto players = fresh_players(2);
  std::vector<MatchRated> published;
  {
    const RatedEvents events;
    for (int i = 0; i < 3; ++i) {
      const auto match = match_of(tenant_, {{players[0]}, {players[1]}}, i % 2);
      publish(match);
      ASSERT_TRUE(events.await(match.match_id));
      published.push_back(events.of(match.match_id).at(0));
    }
  }
  lose_the_streams();
  // As described in README.md, with rows that are too old for the relay to resend them itself.
  rows(
      "DELETE FROM profile.outbox; "
      "INSERT INTO profile.outbox (message_id, subject, body) SELECT match_id || '.rated.again-1', 'match.rated', "
      "event FROM profile.applied WHERE event IS NOT NULL ORDER BY applied_seq");
  const RatedEvents events;
  for (const auto& before : published) {
    const auto after = events.await(before.match_id);
    ASSERT_TRUE(after);
    EXPECT_EQ(wire::encode(*after), wire::encode(before));
  }
}

TEST_F(RatingEvents, RatingsAreReturnedByPlayerOrInPages) {
  const auto players = fresh_players(10);
  for (std::size_t i = 0; i < 10; i += 2) {
    publish(match_of(tenant_, {{players[i]}, {players[i + 1]}}, 0));
    publish(match_of(tenant_, {{players[i]}, {players[i + 1]}}, 0, kDuel));
  }
  const auto elsewhere = fresh_tenant();
  publish(match_of(elsewhere, {{fresh_player()}, {players[0]}}, 0));
  ASSERT_TRUE(await_applied(10));
  ASSERT_TRUE(eventually([&] { return applied(elsewhere) == 1; }));

  GetRatings named;
  named.tenant = tenant_;
  named.player_ids = {players[0], players[1], fresh_player()};
  const auto ratings = send(named);
  ASSERT_TRUE(ratings.ok());
  ASSERT_EQ(ratings->ratings.size(), 4U) << "two players in two modes; a player without a row has none";
  EXPECT_DOUBLE_EQ(ratings->ratings[0].mmr, 1520);
  EXPECT_NEAR(ratings->ratings[0].deviation, 339.60, 0.01);
  EXPECT_EQ(ratings->ratings[0].games, 1);

  GetRatings page;
  page.tenant = tenant_;
  page.limit = 3;
  std::set<std::pair<PlayerId, Mode>> seen;
  for (int pages = 0; pages < 20; ++pages) {
    const auto answer = send(page);
    ASSERT_TRUE(answer.ok());
    EXPECT_LE(answer->ratings.size(), 3U);
    for (const auto& rating : answer->ratings) {
      EXPECT_TRUE(seen.emplace(rating.player_id, rating.mode).second) << "no page repeats a row";
    }
    page.cursor = answer->next_cursor;
    if (!page.cursor) break;
  }
  EXPECT_FALSE(page.cursor);
  EXPECT_EQ(seen.size(), 20U);

  GetRatings everywhere;
  const auto all = send(everywhere);
  ASSERT_TRUE(all.ok());
  EXPECT_GE(all->ratings.size(), 22U) << "without a tenant, the rows of all tenants are returned";
  GetRatings foreign;
  foreign.tenant = elsewhere;
  EXPECT_EQ(send(foreign, as_player(tenant_, players[0])).error().code, Code::forbidden);
  foreign.tenant.reset();
  EXPECT_EQ(send(foreign, as_player(tenant_, players[0]))->ratings.size(), 20U) << "a player sees the own tenant only";

  GetRatings wrong;
  wrong.tenant = tenant_;
  wrong.cursor = elsewhere.str() + "/" + players[0].to_string() + "/ranked";
  EXPECT_EQ(send(wrong).error().errors.at(0).pointer, "/cursor");
  wrong = named;
  wrong.cursor = tenant_.str() + "/" + players[0].to_string() + "/ranked";
  EXPECT_EQ(send(wrong).error().errors.at(0).pointer, "/cursor");
}

}  // namespace
}  // namespace mm::profile
