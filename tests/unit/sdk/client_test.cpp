// Tests the client of the SDK with a fake transport: logins, renewals, reconnects, errors as values.
#include "tests/unit/sdk/fake_network.h"

namespace matchmaker::testing {
namespace {

TEST_F(SdkClient, ReadsThePlayerFromTheAccessToken) {
  log_in();
  EXPECT_EQ(client.player_id(), "p1");
}

TEST_F(SdkClient, RunsCallbacksOnlyInsideTick) {
  bool ran = false;
  client.login("alice", "secret-password", [&](Result<Done>) { ran = true; });
  HttpAnswer good;
  good.status = 200;
  good.body = tokens(900, "r1");
  next().answer(good);
  EXPECT_FALSE(ran);
  EXPECT_EQ(client.tick(), 1);
  EXPECT_TRUE(ran);
}

TEST_F(SdkClient, RefusesACallWithoutLoginWithoutAskingTheNetwork) {
  std::optional<Error> error;
  client.my_profile([&](Result<Profile> result) { error = result.error(); });
  client.tick();
  EXPECT_TRUE(network->requests.empty());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::unauthorized);
}

TEST_F(SdkClient, TellsAProblemAsAValueWithItsFields) {
  log_in();
  std::optional<Error> error;
  client.enter_queue({}, [&](Result<Ticket> result) { error = result.error(); });
  answer(422, R"({"code":"invalid_fields","detail":"team_size must be from 1 to 100","trace_id":"abc",
                  "errors":[{"pointer":"/team_size","detail":"must be from 1 to 100"}]})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::invalid);
  EXPECT_EQ(error->code, "invalid_fields");
  EXPECT_EQ(error->trace_id, "abc");
  ASSERT_EQ(error->fields.size(), 1u);
  EXPECT_EQ(error->fields[0].pointer, "/team_size");
}

TEST_F(SdkClient, TellsWhyATicketWaits) {
  log_in();
  std::optional<Explanation> said;
  client.explain("a/b", [&](Result<Explanation> result) { said = *result; });
  EXPECT_EQ(network->requests.front().request.target, "/v1/matchmaking/queue/a%2Fb/explain");
  answer(200, R"({"ticket_id":"t1","status":"SEARCHING","mode":"duel","region":"eu-west","team_size":1,"waited_ms":4200,
                  "summary":"Nobody near.","rating":1500,"rating_window":120.5,"rule":"window","by":79.5,
                  "tickets_waiting":2,"players_waiting":2,
                  "nearest":[{"rating":1700,"players":1,"waited_ms":100,"rating_window":100,
                              "checks":[{"rule":"your_window","value":200,"limit":120.5,"margin":-79.5},
                                        {"rule":"region","limit":0}],"accept_in_seconds":3.5}],
                  "forecast":{"outcome":"matched","in_seconds":3.6,"at_waited_ms":7800,"quality":0.8,"spread":200},
                  "matched_now_with_window":200})");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->summary, "Nobody near.");
  EXPECT_EQ(said->rule, WaitRule::window);
  EXPECT_EQ(said->by, 79.5);
  ASSERT_EQ(said->nearest.size(), 1u);
  EXPECT_EQ(said->nearest[0].checks[0].margin, -79.5);
  EXPECT_FALSE(said->nearest[0].checks[1].margin);
  EXPECT_EQ(said->nearest[0].accept_in_seconds, 3.5);
  ASSERT_TRUE(said->forecast);
  EXPECT_EQ(said->forecast->outcome, WaitOutcome::matched);
  EXPECT_EQ(said->matched_now_with_window, 200);
  EXPECT_FALSE(said->matched_now_with);

  client.explain("t1", [&](Result<Explanation> result) { said = *result; });
  answer(200, R"({"ticket_id":"t1","status":"MATCHED","mode":"duel","region":"eu-west","team_size":1,"waited_ms":7800,
                  "summary":"It was matched after 7.8 s."})");
  EXPECT_EQ(said->status, TicketStatus::matched);
  EXPECT_EQ(said->rule, WaitRule::none);
  EXPECT_FALSE(said->forecast);
}

struct Row {
  int status;
  ErrorKind kind;
};
class SdkErrors : public SdkClient, public ::testing::WithParamInterface<Row> {};
TEST_P(SdkErrors, KindFollowsFromTheStatus) {
  log_in();
  std::optional<Error> error;
  client.leaderboard({}, [&](Result<LeaderboardPage> result) { error = result.error(); });
  answer(GetParam().status, R"({"code":"some_code"})");
  if (GetParam().status == 401) answer(503, "{}");  // the renewal that follows a 401 fails for another reason
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, GetParam().kind);
}
INSTANTIATE_TEST_SUITE_P(Statuses, SdkErrors,
                         ::testing::Values(Row{400, ErrorKind::invalid}, Row{401, ErrorKind::unauthorized},
                                           Row{403, ErrorKind::forbidden}, Row{404, ErrorKind::not_found},
                                           Row{409, ErrorKind::conflict}, Row{429, ErrorKind::rate_limited},
                                           Row{500, ErrorKind::unavailable}, Row{503, ErrorKind::unavailable}));

TEST_F(SdkClient, TellsABrokenConnectionAndATimeoutApart) {
  std::vector<ErrorKind> kinds;
  const auto note = [&](Result<Account> result) { kinds.push_back(result.error().kind); };
  client.register_account({}, note);
  client.register_account({}, note);
  HttpAnswer broken, late;
  late.timed_out = true;
  next().answer(broken);
  next().answer(late);
  client.tick();
  EXPECT_EQ(kinds, (std::vector{ErrorKind::network, ErrorKind::timeout}));
}

TEST_F(SdkClient, CarriesAKeyWithCallsThatCreateAndAnotherEachTime) {
  log_in();
  client.create_party({}, [](Result<Party>) {});
  client.create_party({}, [](Result<Party>) {});
  client.my_profile([](Result<Profile>) {});
  const auto first = next().header("Idempotency-Key"), second = next().header("Idempotency-Key");
  EXPECT_GE(first.size(), 16u);
  EXPECT_NE(first, second);
  EXPECT_EQ(next().header("Idempotency-Key"), "");
}

TEST_F(SdkClient, RenewsOnceForManyCallsWhenTheTokenHasExpired) {
  log_in();
  int answered = 0;
  client.my_profile([&](Result<Profile> result) { answered += result.ok(); });
  client.active([&](Result<Active> result) { answered += result.ok(); });
  answer(401, R"({"code":"unauthorized"})");
  answer(401, R"({"code":"unauthorized"})");
  ASSERT_EQ(network->requests.size(), 1u);
  EXPECT_EQ(network->requests.front().request.target, "/v1/auth/refresh");
  EXPECT_NE(network->requests.front().request.body.find("r1"), std::string::npos);
  answer(200, tokens(800, "r2"));
  ASSERT_EQ(network->requests.size(), 2u);
  EXPECT_EQ(network->requests.front().header("Authorization"), "Bearer " + token_with_lifetime(800));
  answer(200, "{}");
  answer(200, "{}");
  EXPECT_EQ(answered, 2);
}

TEST_F(SdkClient, RenewsBeforeACallWhenTheTokenIsNearItsEnd) {
  log_in(1);  // due at once: four fifths of a second are rounded down to 0
  client.my_profile([](Result<Profile>) {});
  ASSERT_EQ(network->requests.size(), 1u);
  EXPECT_EQ(network->requests.front().request.target, "/v1/auth/refresh");
  answer(200, tokens(900, "r2"));
  ASSERT_EQ(network->requests.size(), 1u);
  EXPECT_EQ(network->requests.front().request.target, "/v1/profile/me");
}

TEST_F(SdkClient, TellsThatTheLoginHasEndedWhenTheRefreshTokenIsRefused) {
  log_in();
  bool ended = false;
  std::optional<Error> error;
  client.events().login_ended = [&] { ended = true; };
  client.my_profile([&](Result<Profile> result) { error = result.error(); });
  answer(401, R"({"code":"unauthorized"})");
  answer(401, R"({"code":"invalid_refresh_token"})");
  EXPECT_TRUE(ended);
  EXPECT_FALSE(client.logged_in());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::unauthorized);
}

TEST_F(SdkClient, DeliversTheWholeStateWithEveryConnection) {
  log_in();
  std::vector<std::string> tickets;
  client.events().connected = [&](const Active& active) {
    tickets.push_back(active.ticket ? active.ticket->ticket_id : "");
  };
  connect();
  EXPECT_TRUE(client.connected());
  frame(R"({"event":"welcome","seq":0,"data":{}})");
  network->opened.back()->handlers.closed(1006, "reset");
  client.tick();
  EXPECT_FALSE(client.connected());
  while (network->opened.size() < 2) client.wait(std::chrono::milliseconds(1));
  network->opened.back()->handlers.opened();
  frame(R"({"event":"welcome","seq":4,"data":{"ticket":{"ticket_id":"t1","status":"SEARCHING"}}})");
  EXPECT_EQ(tickets, (std::vector<std::string>{"", "t1"}));
}

TEST_F(SdkClient, IsConnectedWhenItsStateArrivesEvenBeforeTheTransportSaysSo) {
  log_in();
  std::optional<bool> connected;
  client.events().connected = [&](const Active&) { connected = client.connected(); };
  client.connect();
  client.tick();
  frame(R"({"event":"welcome","data":{}})");
  EXPECT_EQ(connected, true);
  network->opened.back()->handlers.opened();
  client.tick();
  EXPECT_TRUE(client.connected());
}

TEST_F(SdkClient, DropsWhatAnEarlierSocketStillSays) {
  log_in();
  int welcomes = 0;
  client.events().connected = [&](const Active&) { ++welcomes; };
  connect();
  auto old = network->opened.back();
  old->handlers.closed(1006, "reset");
  client.tick();
  old->handlers.received(R"({"event":"welcome","data":{}})");
  client.tick();
  EXPECT_EQ(welcomes, 0);
}

TEST_F(SdkClient, StaysAwayOnceReplacedByNewerSockets) {
  log_in();
  connect();
  network->opened.back()->handlers.closed(4409, "replaced");
  for (int i = 0; i < 5; ++i) client.wait(std::chrono::milliseconds(2));
  EXPECT_EQ(network->opened.size(), 1u);
}

TEST_F(SdkClient, RenewsTheLoginWhenTheSocketIsRefused) {
  log_in();
  connect();
  network->opened.back()->handlers.closed(4401, "expired");
  while (network->requests.empty()) client.wait(std::chrono::milliseconds(1));
  EXPECT_EQ(network->requests.front().request.target, "/v1/auth/refresh");
  answer(200, tokens(900, "r2"));
  EXPECT_EQ(network->opened.size(), 2u);
}

TEST_F(SdkClient, ReadsMatchEvents) {
  log_in();
  connect();
  std::optional<MatchFound> found;
  std::optional<SessionReady> session;
  std::optional<MatchCompleted> completed;
  std::optional<RatingChanged> rated;
  client.events().match_found = [&](const MatchFound& e) { found = e; };
  client.events().session_ready = [&](const SessionReady& e) { session = e; };
  client.events().match_completed = [&](const MatchCompleted& e) { completed = e; };
  client.events().rating_changed = [&](const RatingChanged& e) { rated = e; };
  frame(
      R"({"event":"match_found","data":{"match_id":"m1","mode":"duel","region":"eu-west","team":1,"teams":[["a"],["b"]],"quality":0.9}})");
  frame(
      R"({"event":"session_ready","data":{"match_id":"m1","server_endpoint":"h:1","server_url":"ws://h:1/match/m1","join_token":"j"}})");
  frame(R"({"event":"match_completed","data":{"match_id":"m1","winning_team":null,"duration_seconds":3.5}})");
  frame(
      R"({"event":"rating_changed","data":{"match_id":"m1","mode":"duel","mmr_before":1500,"mmr_after":1510.5,"mmr_change":10.5}})");
  ASSERT_TRUE(found && session && completed && rated);
  EXPECT_EQ(found->team, 1);
  EXPECT_EQ(found->teams[1][0], "b");
  EXPECT_EQ(session->server_url, "ws://h:1/match/m1");
  EXPECT_EQ(completed->winning_team, -1);
  EXPECT_DOUBLE_EQ(rated->mmr_change, 10.5);
}

TEST_F(SdkClient, ReadsPartyEvents) {
  log_in();
  connect();
  std::optional<Invitation> invited;
  std::optional<InviteEnded> ended;
  std::optional<QueueLeft> left;
  std::optional<Active> active;
  client.events().invited = [&](const Invitation& e) { invited = e; };
  client.events().invite_ended = [&](const InviteEnded& e) { ended = e; };
  client.events().queue_left = [&](const QueueLeft& e) { left = e; };
  client.events().connected = [&](const Active& e) { active = e; };
  frame(
      R"({"event":"invited","data":{"party_id":"p","from":"a","username":"alice","expires_at":"2026-01-01T00:00:00.000Z"}})");
  frame(R"({"event":"invite_ended","data":{"party_id":"p","player_id":"b","reason":"withdrawn"}})");
  frame(R"({"event":"queue_left","data":{"ticket_id":"t","reason":"member_disconnected","player_id":"b"}})");
  frame(
      R"({"event":"welcome","data":{"party":{"party_id":"p","members":[{"player_id":"a","connected":true},{"player_id":"b"}]},
            "invites":[{"party_id":"q","from_player_id":"c","from_username":"cleo","expires_at":"x"}]}})");
  ASSERT_TRUE(invited && ended && left && active && active->party);
  EXPECT_EQ(invited->from_username, "alice");
  EXPECT_EQ(invited->expires_at, "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(ended->player_id + " " + ended->reason, "b withdrawn");
  EXPECT_EQ(left->player_id + " " + left->reason, "b member_disconnected");
  EXPECT_TRUE(active->party->members[0].connected);
  EXPECT_FALSE(active->party->members[1].connected);
  ASSERT_EQ(active->invites.size(), 1u);
  EXPECT_EQ(active->invites[0].from_username, "cleo");
}

TEST_F(SdkClient, ListsDeclinesAndWithdrawsInvitations) {
  log_in();
  std::vector<Invitation> open;
  client.invites([&](Result<std::vector<Invitation>> result) { open = *result; });
  EXPECT_EQ(network->requests.front().request.target, "/v1/party/invites");
  answer(200, R"({"invites":[{"party_id":"q","from_player_id":"c","from_username":"cleo","expires_at":"x"}]})");
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].from_player_id, "c");
  int done = 0;
  client.decline_invite("q", [&](Result<Done> result) { done += result.ok(); });
  EXPECT_EQ(network->requests.front().request.method + network->requests.front().request.target,
            "DELETE/v1/party/q/invite");
  EXPECT_EQ(network->requests.front().request.body, "");
  answer(204, "");
  client.withdraw_invite("q", "b", [&](Result<Done> result) { done += result.ok(); });
  EXPECT_EQ(network->requests.front().request.target, "/v1/party/q/invite?player_id=b");
  answer(204, "");
  EXPECT_EQ(done, 2);
}

TEST_F(SdkClient, NamesThePlayerWhoIsTheCauseOfAConflict) {
  log_in();
  std::optional<Error> error;
  client.enter_queue_as_party("p", {}, [&](Result<Ticket> result) { error = result.error(); });
  answer(409, R"({"code":"member_absent","player_id":"b"})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->player_id, "b");
}

TEST_F(SdkClient, IgnoresFramesItDoesNotKnowAndTextThatIsNoJson) {
  log_in();
  connect();
  frame("not json");
  frame(R"({"event":"from_the_future","data":{"x":1}})");
  frame(R"([1,2,3])");
  EXPECT_TRUE(client.connected());
}

TEST_F(SdkClient, RunsNothingAfterItIsDestroyed) {
  bool ran = false;
  {
    Client other(options, std::make_unique<FakeTransport>(network));
    other.login("alice", "secret-password", [&](Result<Done>) { ran = true; });
  }
  HttpAnswer good;
  good.status = 200;
  good.body = tokens(900, "r1");
  next().answer(good);
  client.tick();
  EXPECT_FALSE(ran);
}

TEST_F(SdkClient, EncodesIdsAndQueries) {
  log_in();
  client.party("a/../b?c", [](Result<Party>) {});
  EXPECT_EQ(next().request.target.find("/v1/party/a/"), std::string::npos);
  HistoryQuery query;
  query.mode = "duel";
  query.cursor = "a&b=c";
  client.history(query, [](Result<HistoryPage>) {});
  EXPECT_EQ(next().request.target, "/v1/matches/history?mode=duel&limit=20&cursor=a%26b%3Dc");
}

}  // namespace
}  // namespace matchmaker::testing
