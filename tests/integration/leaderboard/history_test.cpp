// Tests finished matches: single matches, histories in pages, and outages.
#include <algorithm>
#include <atomic>
#include <set>

#include "tests/integration/leaderboard/world.h"

namespace mm::leaderboard {
namespace {

using testing::eventually;

class History : public ::testing::Test {
 protected:
  bool await_applied(std::int64_t count) const {
    return eventually([&] { return applied(tenant_) == count; }, Milliseconds{60'000});
  }
  /// A match of the player against a new player that ended `minute` minutes after the start of August.
  MatchRated played(PlayerId player, int minute) const {
    auto match = duel(tenant_, {player, 1510}, {fresh_player(), 1490}, 0);
    match.ended_at = day(8, 1) + std::chrono::minutes(minute);
    return match;
  }

  const Tenant tenant_ = fresh_tenant();
  const Caller anyone_ = as_service(tenant_);
  Instance leaderboard_;
};

TEST_F(History, ShowsAMatchFromEachPlayersSide) {
  const auto players = fresh_players(4);
  auto match = duel(tenant_, {players[0], 1512.34}, {players[1], 1487.66}, 0);
  match.teams[0].push_back(match.teams[0][0]);
  match.teams[0][1].player_id = players[2];
  match.teams[1].push_back(match.teams[1][0]);
  match.teams[1][1].player_id = players[3];
  match.teams[0][0].username = "ann";
  match.teams[0][0].stats.text = R"({"kills":3,"text":"\"{}'\\"})";
  match.duration_seconds = 61.25;
  publish(match);
  ASSERT_TRUE(await_applied(1));

  const auto own = send(GetHistory{}, as_player(tenant_, players[0]));
  ASSERT_TRUE(own.ok()) << own.error().detail;
  ASSERT_EQ(own->matches.size(), 1U);
  const auto& entry = own->matches[0];
  EXPECT_EQ(entry.match_id, match.match_id);
  EXPECT_EQ(entry.mode, match.mode);
  EXPECT_EQ(entry.region, match.region);
  EXPECT_EQ(entry.started_at, match.started_at);
  EXPECT_EQ(entry.ended_at, match.ended_at);
  EXPECT_DOUBLE_EQ(entry.duration_seconds, 61.25);
  EXPECT_EQ(entry.result, Outcome::win);
  EXPECT_EQ(entry.team, 0);
  EXPECT_DOUBLE_EQ(entry.mmr_before, 1500);
  EXPECT_DOUBLE_EQ(entry.mmr_after, 1512.34);
  EXPECT_DOUBLE_EQ(entry.mmr_change, 12.34);
  EXPECT_EQ(entry.stats, match.teams[0][0].stats);
  EXPECT_FALSE(own->next_cursor);

  const auto others = send(history_of(players[3]), as_player(tenant_, players[0]));
  ASSERT_EQ(others->matches.size(), 1U);
  EXPECT_EQ(others->matches[0].result, Outcome::loss);
  EXPECT_EQ(others->matches[0].team, 1);
  EXPECT_TRUE(send(history_of(fresh_player()), anyone_)->matches.empty());
  EXPECT_TRUE(send(history_of(players[0]), as_service(fresh_tenant()))->matches.empty());

  const auto whole = send(GetFinishedMatch{match.match_id}, anyone_);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->winning_team, 0);
  EXPECT_EQ(whole->ended_at, match.ended_at);
  ASSERT_EQ(whole->teams.size(), 2U);
  ASSERT_EQ(whole->teams[0].size(), 2U);
  EXPECT_EQ(whole->teams[0][0].player_id, players[0]);
  EXPECT_EQ(whole->teams[0][0].username, "ann");
  EXPECT_EQ(whole->teams[0][1].player_id, players[2]);
  EXPECT_EQ(whole->teams[1][1].player_id, players[3]);
  EXPECT_DOUBLE_EQ(whole->teams[1][1].mmr_change, -12.34);
  EXPECT_EQ(whole->teams[0][0].stats, match.teams[0][0].stats);
}

TEST_F(History, AnUnknownMatchAndAMatchOfAnotherTenantAreNotFound) {
  const auto match = played(fresh_player(), 0);
  publish(match);
  ASSERT_TRUE(await_applied(1));
  EXPECT_TRUE(send(GetFinishedMatch{match.match_id}, anyone_).ok());
  EXPECT_EQ(send(GetFinishedMatch{match.match_id}, as_service(fresh_tenant())).error().code, Code::not_found);
  EXPECT_EQ(send(GetFinishedMatch{MatchId::fresh(SystemClock{}.now())}, anyone_).error().code, Code::not_found);
}

TEST_F(History, CanBeLimitedToOneMode) {
  const auto player = fresh_player();
  auto casual = played(player, 1);
  casual.mode = *Mode::parse("casual");
  casual.rated = false;
  publish(casual);
  publish(played(player, 2));
  ASSERT_TRUE(await_applied(2));
  EXPECT_EQ(send(history_of(player), anyone_)->matches.size(), 2U);
  const auto unrated = send(history_of(player, casual.mode), anyone_);
  ASSERT_EQ(unrated->matches.size(), 1U);
  EXPECT_EQ(unrated->matches[0].match_id, casual.match_id);
  EXPECT_TRUE(send(history_of(player, *Mode::parse("duel")), anyone_)->matches.empty());
}

TEST_F(History, PagesNeitherSkipNorRepeatWhileMatchesAreAdded) {
  const auto player = fresh_player();
  std::vector<MatchRated> matches;
  for (int i = 0; i < 25; ++i) matches.push_back(played(player, i / 3));  // three end at the same instant
  for (const auto& match : matches) publish(match);
  ASSERT_TRUE(await_applied(25));
  std::sort(matches.begin(), matches.end(), [](const MatchRated& a, const MatchRated& b) {
    return std::pair(a.ended_at, a.match_id) > std::pair(b.ended_at, b.match_id);
  });

  GetHistory request;
  request.limit = 4;
  std::vector<MatchId> seen;
  int added = 0;
  do {
    const auto page = send(request, as_player(tenant_, player));
    ASSERT_TRUE(page.ok());
    EXPECT_LE(page->matches.size(), 4U);
    for (const auto& match : page->matches) seen.push_back(match.match_id);
    request.cursor = page->next_cursor;
    publish(played(player, 100 + ++added));  // newer than every entry of the next pages
    ASSERT_TRUE(await_applied(25 + added));
  } while (request.cursor);
  ASSERT_EQ(seen.size(), matches.size());
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], matches[i].match_id) << i;
}

TEST_F(History, RefusesCursorsOfOtherRequests) {
  const auto player = fresh_player();
  publish(played(player, 1));
  publish(played(player, 2));
  ASSERT_TRUE(await_applied(2));
  auto request = history_of(player);
  request.limit = 1;
  request.cursor = send(request, anyone_)->next_cursor;
  ASSERT_TRUE(request.cursor);
  EXPECT_EQ(send(request, anyone_)->matches.size(), 1U);
  const auto refused = [](const GetHistory& asked, const Caller& caller) {
    const auto answer = send(asked, caller);
    return !answer && answer.error().code == Code::invalid_fields && answer.error().errors.at(0).pointer == "/cursor";
  };
  auto other = request;
  other.player_id = fresh_player();
  EXPECT_TRUE(refused(other, anyone_)) << "the cursor of another player";
  other = request;
  other.mode = ranked_mode();
  EXPECT_TRUE(refused(other, anyone_));
  EXPECT_TRUE(refused(request, as_service(fresh_tenant())));
  other = request;
  other.cursor->front() = other.cursor->front() == 'A' ? 'B' : 'A';
  EXPECT_TRUE(refused(other, anyone_));
}

TEST_F(History, NamesTheFieldThatIsWrong) {
  const struct {
    const char* subject;
    const char* body;
    const char* pointer;  ///< nullptr: not JSON at all
  } wrong[] = {
      {"leaderboard.top", R"({"season":"../"})", "/season"},
      {"leaderboard.top", R"({"season":"s2147483648"})", "/season"},
      {"leaderboard.top", R"({"season":1})", "/season"},
      {"leaderboard.top", R"({"mode":"Ranked"})", "/mode"},
      {"leaderboard.top", R"({"mode":null,"region":"EU"})", "/region"},
      {"leaderboard.top", R"({"limit":0})", "/limit"},
      {"leaderboard.top", R"({"limit":1001})", "/limit"},
      {"leaderboard.top", R"({"limit":"10"})", "/limit"},
      {"leaderboard.top", R"({"cursor":""})", "/cursor"},
      {"leaderboard.top", R"({"cursor":7})", "/cursor"},
      {"leaderboard.top", "{", nullptr},
      {"leaderboard.history", "{}", "/player_id"},
      {"leaderboard.history", R"({"player_id":"me"})", "/player_id"},
      {"leaderboard.history", R"({"limit":1000000000})", "/limit"},
      {"leaderboard.history", R"({"limit":-1})", "/limit"},
      {"leaderboard.history", R"({"limit":1.5})", "/limit"},
      {"leaderboard.history", R"({"mode":"a b"})", "/mode"},
      {"leaderboard.history", R"({"player_id":"018f0000-0000-7000-8000-000000000001","cursor":"x"})", "/cursor"},
      {"leaderboard.match", "{}", "/match_id"},
      {"leaderboard.match", R"({"match_id":"018F0000-0000-7000-8000-000000000001"})", "/match_id"},
      {"leaderboard.match", R"({"match_id":"' OR 1=1--"})", "/match_id"},
      {"leaderboard.match", "not json", nullptr},
  };
  for (const auto& [subject, body, pointer] : wrong) {
    const auto answer = send_raw(subject, body, anyone_);
    ASSERT_FALSE(answer.ok()) << subject << body;
    if (pointer == nullptr) {
      EXPECT_EQ(answer.error().code, Code::malformed_request) << subject << body;
    } else {
      EXPECT_EQ(answer.error().code, Code::invalid_fields) << subject << body;
      ASSERT_FALSE(answer.error().errors.empty()) << subject << body;
      EXPECT_EQ(answer.error().errors[0].pointer, pointer) << subject << body;
    }
  }
}

TEST_F(History, AppliesAMatchOnceHoweverOftenItIsDelivered) {
  const Instance second;
  const auto player = fresh_player();
  std::vector<MatchRated> matches;
  for (int i = 0; i < 20; ++i) {
    matches.push_back(played(player, i));
    matches.back().teams[0][0].games = i + 1;
    for (int copy = 0; copy < 3; ++copy) publish(matches.back());
    publish(matches[static_cast<std::size_t>(i) / 2]);
  }
  const auto known = [](const Instance& instance) {
    return instance.metric(R"(mm_leaderboard_matches_total{outcome="known"})");
  };
  ASSERT_TRUE(eventually([&] { return known(leaderboard_) + known(second) == 60; }));
  EXPECT_EQ(applied(tenant_), 20);
  const auto board = send(GetLeaderboard{}, as_player(tenant_, player));
  ASSERT_TRUE(board.ok());
  EXPECT_EQ(board->entries.at(0).games, 20);
  auto all = history_of(player);
  all.limit = 100;
  EXPECT_EQ(send(all, anyone_)->matches.size(), 20U);
}

TEST_F(History, AppliesEveryMatchOnceWhenTheDatabaseIsKilled) {
  const auto player = fresh_player();
  auto& postgres = World::get().postgres;
  for (int i = 0; i < 120; ++i) {
    if (i == 30 || i == 80) postgres.kill();
    if (i == 50) postgres.restart();
    auto match = played(player, i);
    match.teams[0][0].games = i + 1;
    publish(match);
  }
  EXPECT_EQ(send(history_of(player), anyone_).error().code, Code::unavailable);
  EXPECT_EQ(send(GetLeaderboard{}, anyone_).error().code, Code::unavailable);
  EXPECT_TRUE(eventually([&] { return !leaderboard_.ready(); }));
  postgres.restart();
  ASSERT_TRUE(await_applied(120));
  EXPECT_EQ(send(GetLeaderboard{}, as_player(tenant_, player))->entries.at(0).games, 120);
  EXPECT_EQ(number("SELECT count(*) FROM leaderboard.match_player WHERE player_id = '" + player.to_string() + "'"),
            120);
  EXPECT_TRUE(eventually([&] { return leaderboard_.ready(); }));
}

TEST_F(History, AMatchThatProfileHasNotSignedIsNotWritten) {
  std::atomic<int> reports = 0;
  const bus::Subscription listening(*World::get().bus, "events.violation.forged_event", "",
                                    [&](std::string_view, std::string_view) { ++reports; });
  metrics::Registry metrics;
  const auto engineer = connect(World::get().nats, metrics, "operator");
  const auto forged = played(fresh_player(), 1);
  ASSERT_TRUE(engineer->store(forged, forged.match_id.to_string(), soon()).ok());
  publish(played(fresh_player(), 1));
  ASSERT_TRUE(await_applied(1));
  EXPECT_TRUE(eventually([&] { return reports == 1; }));
  EXPECT_EQ(number("SELECT count(*) FROM leaderboard.match WHERE match_id = '" + forged.match_id.to_string() + "'"), 0);
}

TEST_F(History, AnEventThatCanNeverBeAppliedIsRejectedAndTheNextIsApplied) {
  std::atomic<int> poison = 0;
  const bus::Subscription listening(*World::get().bus, "events.violation.poison_message", "",
                                    [&](std::string_view, std::string_view) { ++poison; });
  auto twice = played(fresh_player(), 1);
  twice.teams[1][0].player_id = twice.teams[0][0].player_id;
  publish(twice);
  auto huge = played(fresh_player(), 1);
  huge.teams[0][0].mmr_after = 1e300;
  publish(huge);
  auto& bus = *World::get().bus;
  for (const char* body : {"", "{", "[]", R"({"match_id":"x"})"}) {
    ASSERT_TRUE(bus.store("match.rated", body, new_uuid(SystemClock{}.now()).to_string(), {}, soon()).ok());
  }
  publish(played(fresh_player(), 1));
  ASSERT_TRUE(await_applied(1));
  EXPECT_TRUE(eventually([&] { return poison == 6; }));
}

}  // namespace
}  // namespace mm::leaderboard
