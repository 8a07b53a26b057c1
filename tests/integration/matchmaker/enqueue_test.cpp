// Tests of matchmaker.enqueue and matchmaker.cancel: which requests are refused, and that a request may be repeated.
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {
namespace {

using testing::eventually;

Reply<Enqueued> enqueue(const Enqueue& request) { return shared().send(request); }

TicketStatus status_of(const Tenant& tenant, TicketId ticket) {
  GetTicket request;
  request.tenant = tenant;
  request.ticket_id = ticket;
  const auto answer = shared().send(request);
  EXPECT_TRUE(answer.ok()) << (answer ? "" : answer.error().detail);
  return answer ? answer->status : TicketStatus::searching;
}

Reply<CancelledTicket> cancel(const Tenant& tenant, TicketId ticket) {
  CancelTicket request;
  request.tenant = tenant;
  request.ticket_id = ticket;
  return shared().send(request);
}

TEST(Enqueue, AnswersWhatToExpect) {
  const auto tenant = fresh_tenant();
  const auto answer = enqueue(request_of(tenant, "ranked", 5, {1500}));
  ASSERT_TRUE(answer.ok()) << answer.error().detail;
  EXPECT_EQ(answer->bucket, tenant.str() + ":ranked:eu-west:5");
  EXPECT_NEAR(static_cast<double>((answer->queued_at - wall()).count()), 0, 5'000);
  EXPECT_GT(answer->estimated_wait_seconds, 0);
  EXPECT_GE(answer->estimated_wait_p90_seconds, answer->estimated_wait_seconds);
  EXPECT_EQ(answer->rating_window, 100);
}

TEST(Enqueue, UsesTheModesDefaultTeamSizeAndADefaultTenant) {
  auto request = request_of(default_tenant(), "ranked", 1, {1500});
  request.team_size.reset();
  request.ticket_id.reset();
  const auto answer = enqueue(request);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->bucket, "default:ranked:eu-west:5");
  EXPECT_EQ(answer->ticket_id.uuid().version(), 7);
  EXPECT_TRUE(cancel(default_tenant(), answer->ticket_id).ok());
}

TEST(Enqueue, NamesTheFieldThatIsWrong) {
  const auto tenant = fresh_tenant();
  auto unknown_mode = request_of(tenant, "chess", 1, {1500});
  EXPECT_EQ(code_of(enqueue(unknown_mode)), Code::unknown_mode);
  EXPECT_EQ(pointer_of(enqueue(unknown_mode)), "/mode");

  auto bad_size = request_of(tenant, "duel", 2, {1500});
  EXPECT_EQ(code_of(enqueue(bad_size)), Code::invalid_team_size);
  EXPECT_EQ(pointer_of(enqueue(bad_size)), "/team_size");

  auto too_large = request_of(tenant, "ranked", 2, {1500, 1500, 1500});
  EXPECT_EQ(code_of(enqueue(too_large)), Code::party_too_large);
  EXPECT_EQ(pointer_of(enqueue(too_large)), "/players");

  auto twice = request_of(tenant, "ranked", 2, {1500, 1500});
  twice.players[1].player_id = twice.players[0].player_id;
  EXPECT_EQ(code_of(enqueue(twice)), Code::invalid_fields);
  EXPECT_EQ(pointer_of(enqueue(twice)), "/players/1/player_id");

  auto uneven = request_of(tenant, "close", 2, {1500, 1601});
  EXPECT_EQ(code_of(enqueue(uneven)), Code::party_spread_too_wide);
  EXPECT_EQ(pointer_of(enqueue(uneven)), "/players");

  auto far = request_of(tenant, "near", 1, {1500});
  far.latencies = Latencies{{region_named("eu-west"), 81}, {region_named("us-east"), 200}};
  EXPECT_EQ(code_of(enqueue(far)), Code::no_playable_region);
  EXPECT_EQ(pointer_of(enqueue(far)), "/latencies");

  auto version_only = request_of(tenant, "ranked", 2, {1500});
  version_only.party_version = 3;
  EXPECT_EQ(pointer_of(enqueue(version_only)), "/party_version");

  // None of the refused requests has changed the queue.
  EXPECT_EQ(shared().redis_command({"EXISTS", "mm:{" + tenant.str() + "}:claim"}).integer, 0);
}

TEST(Enqueue, GoesToTheNearestRegion) {
  auto request = request_of(fresh_tenant(), "near", 1, {1500});
  request.latencies = Latencies{{region_named("eu-west"), 60}, {region_named("us-east"), 20}};
  const auto answer = enqueue(request);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->bucket.ends_with(":near:us-east:1")) << answer->bucket;
}

TEST(Enqueue, SaysTheSameAgainWhateverBecameOfTheTicket) {
  const auto tenant = fresh_tenant();
  const auto request = request_of(tenant, "duel", 1, {1500});
  const auto first = enqueue(request);
  ASSERT_TRUE(first.ok());
  const auto same_as_first = [&](const Enqueue& again) {
    const auto answer = enqueue(again);
    ASSERT_TRUE(answer.ok()) << answer.error().detail;
    EXPECT_EQ(answer->ticket_id, first->ticket_id);
    EXPECT_EQ(answer->bucket, first->bucket);
    EXPECT_EQ(answer->queued_at, first->queued_at);
    EXPECT_EQ(answer->estimated_wait_seconds, first->estimated_wait_seconds);
    EXPECT_EQ(answer->rating_window, first->rating_window);
  };
  same_as_first(request);
  auto restamped = request;  // by a caller that retries after it has read a newer rating
  restamped.players[0].mmr = 1512.5;
  same_as_first(restamped);

  const auto other = request_of(tenant, "duel", 1, {1500});
  ASSERT_TRUE(enqueue(other).ok());
  ASSERT_TRUE(eventually([&] { return status_of(tenant, *request.ticket_id) == TicketStatus::matched; }));
  same_as_first(request);

  const auto lonely = request_of(tenant, "duel", 1, {1500});
  const auto lonely_first = enqueue(lonely);
  ASSERT_TRUE(cancel(tenant, *lonely.ticket_id).ok());
  const auto lonely_again = enqueue(lonely);
  ASSERT_TRUE(lonely_again.ok());
  EXPECT_EQ(lonely_again->queued_at, lonely_first->queued_at);
  EXPECT_EQ(status_of(tenant, *lonely.ticket_id), TicketStatus::cancelled);
}

TEST(Enqueue, RefusesAnotherRequestUnderTheSameTicketId) {
  const auto tenant = fresh_tenant();
  const auto request = request_of(tenant, "ranked", 5, {1500});
  ASSERT_TRUE(enqueue(request).ok());
  auto other_player = request;
  other_player.players[0].player_id = fresh_player();
  EXPECT_EQ(code_of(enqueue(other_player)), Code::ticket_conflict);
  auto other_size = request;
  other_size.team_size = 3;
  EXPECT_EQ(code_of(enqueue(other_size)), Code::ticket_conflict);
  ASSERT_TRUE(cancel(tenant, *request.ticket_id).ok());
  EXPECT_EQ(code_of(enqueue(other_player)), Code::ticket_conflict);
}

TEST(Enqueue, RefusesAnIdThatWasIssuedLongAgoUnlessItIsKnown) {
  const auto tenant = fresh_tenant();
  auto request = request_of(tenant, "ranked", 5, {1500});
  request.ticket_id = TicketId(uuid_issued(wall() - Seconds(301)));
  EXPECT_EQ(code_of(enqueue(request)), Code::ticket_expired);
  request.ticket_id = TicketId(uuid_issued(wall() - Seconds(240)));
  EXPECT_TRUE(enqueue(request).ok());
  request.ticket_id = TicketId::parse("6fa459ea-ee8a-4ca4-894e-db77e160355e");  // version 4: without a time
  request.players[0].player_id = fresh_player();
  EXPECT_TRUE(enqueue(request).ok());
}

TEST(Enqueue, LetsAPlayerBeInOneTicketOnly) {
  const auto tenant = fresh_tenant();
  const auto first = request_of(tenant, "ranked", 5, {1500, 1500});
  ASSERT_TRUE(enqueue(first).ok());
  auto second = request_of(tenant, "casual", 3, {1500, 1500});
  second.players[1] = first.players[1];
  const auto refused = enqueue(second);
  ASSERT_EQ(code_of(refused), Code::already_queued);
  EXPECT_EQ(refused.error().ticket_id, first.ticket_id);

  // All players are claimed or none: the other player of the refused ticket has no claim.
  auto third = request_of(tenant, "casual", 3, {1500});
  third.players[0] = second.players[0];
  EXPECT_TRUE(enqueue(third).ok());
  // In another tenant the same players have no claims.
  second.tenant = fresh_tenant();
  second.ticket_id = TicketId::fresh(wall());
  EXPECT_TRUE(enqueue(second).ok());
}

TEST(Enqueue, HoldsTheLimitsOfTheQueue) {
  auto& world = shared();
  const auto tenant = fresh_tenant();
  RequestStore small(world.queue, {.bucket_tickets = 2, .tenant_players = 4, .tenant_buckets = 2});
  const auto add = [&](int team_size, std::size_t players) {
    auto request = request_of(tenant, "ranked", team_size, std::vector<double>(players, 1500));
    NewTicket ticket;
    ticket.id = *request.ticket_id;
    ticket.tenant = tenant;
    ticket.content = "x";
    ticket.players = request.players;
    ticket.mode = request.mode;
    ticket.region = request.region;
    ticket.team_size = team_size;
    ticket.buckets = {Bucket{tenant, request.mode, request.region, team_size}.text()};
    ticket.max_wait = Seconds(600);
    const auto results = small.enqueue({ticket}, soon());
    return results ? results->front().kind : EnqueueResult::Kind::failed;
  };
  using Kind = EnqueueResult::Kind;
  EXPECT_EQ(add(5, 1), Kind::queued);
  EXPECT_EQ(add(5, 1), Kind::queued);
  EXPECT_EQ(add(5, 1), Kind::full) << "a bucket of two";
  EXPECT_EQ(add(4, 3), Kind::full) << "four players of the tenant";
  EXPECT_EQ(add(4, 1), Kind::queued);
  EXPECT_EQ(add(3, 1), Kind::full) << "two buckets of the tenant";
  EXPECT_EQ(add(4, 1), Kind::queued);
}

TEST(Enqueue, ChecksThePartysVersionInTheSameStep) {
  auto& world = shared();
  const auto tenant = fresh_tenant();
  const auto party = PartyId::fresh(wall());
  const auto key = "mm:{" + tenant.str() + "}:party:" + party.to_string();
  auto request = request_of(tenant, "ranked", 5, {1500, 1500});
  request.party_id = party;
  request.party_version = 7;
  EXPECT_EQ(code_of(enqueue(request)), Code::party_changed) << "there is no such party";

  world.redis_command({"HSET", key, "version", "8", "ticket_id", ""});
  EXPECT_EQ(code_of(enqueue(request)), Code::party_changed);
  request.party_version = 8;
  ASSERT_TRUE(enqueue(request).ok());
  EXPECT_EQ(world.redis_command({"HGET", key, "ticket_id"}).text, request.ticket_id->to_string());
  EXPECT_EQ(world.redis_command({"HGET", key, "version"}).text, "9");

  // A repeated request is accepted, although the first one has raised the version.
  EXPECT_TRUE(enqueue(request).ok());
  auto again = request;
  again.ticket_id = TicketId::fresh(wall());
  again.party_version = 9;
  EXPECT_EQ(code_of(enqueue(again)), Code::already_queued);
  ASSERT_TRUE(cancel(tenant, *request.ticket_id).ok());
  EXPECT_TRUE(enqueue(again).ok()) << "the earlier ticket of the party has ended";
}

TEST(Enqueue, WithoutAPartyVersionAsksNobodyAboutTheParty) {
  auto request = request_of(fresh_tenant(), "ranked", 5, {1500, 1500});
  request.party_id = PartyId::fresh(wall());
  EXPECT_TRUE(enqueue(request).ok());
}

TEST(Cancel, EndsATicketOnceAndSaysSoTwice) {
  const auto tenant = fresh_tenant();
  const auto request = request_of(tenant, "ranked", 5, {1500});
  ASSERT_TRUE(enqueue(request).ok());
  for (int i = 0; i < 2; ++i) {
    const auto cancelled = cancel(tenant, *request.ticket_id);
    ASSERT_TRUE(cancelled.ok());
    EXPECT_EQ(cancelled->ticket_id, *request.ticket_id);
    EXPECT_EQ(cancelled->status, TicketStatus::cancelled);
  }
  ASSERT_TRUE(eventually([&] { return shared().published.times_closed(*request.ticket_id) > 0; }));
  const auto closed = shared().published.events<TicketClosed>();
  const auto event =
      std::find_if(closed.begin(), closed.end(), [&](const auto& t) { return t.ticket_id == *request.ticket_id; });
  EXPECT_EQ(event->reason, CloseReason::cancelled);
  EXPECT_EQ(event->tenant, tenant);
  EXPECT_EQ(event->players, std::vector<PlayerId>{request.players[0].player_id});
  EXPECT_EQ(shared().published.times_closed(*request.ticket_id), 1);
  EXPECT_TRUE(eventually([&] {
    return shared()
               .redis_command({"ZCARD", "mm:{" + tenant.str() + "}:q:" + tenant.str() + ":ranked:eu-west:5"})
               .integer == 0;
  })) << "the owner removes tickets that have ended";
}

TEST(Cancel, OfAnUnknownTicketOrAnothersIsNotFound) {
  const auto tenant = fresh_tenant();
  EXPECT_EQ(code_of(cancel(tenant, TicketId::fresh(wall()))), Code::not_found);
  const auto request = request_of(tenant, "ranked", 5, {1500});
  ASSERT_TRUE(enqueue(request).ok());
  EXPECT_EQ(code_of(cancel(fresh_tenant(), *request.ticket_id)), Code::not_found);
  CancelTicket by_stranger;
  by_stranger.tenant = tenant;
  by_stranger.ticket_id = *request.ticket_id;
  EXPECT_EQ(code_of(shared().send(by_stranger, as_player(tenant, fresh_player()))), Code::not_found);
  EXPECT_TRUE(shared().send(by_stranger, as_player(tenant, request.players[0].player_id)).ok());
}

// A delayed copy of the enqueue request arrives after the ticket was cancelled.
TEST(Cancel, StandsAgainstALateCopyOfTheEnqueue) {
  const auto tenant = fresh_tenant();
  const auto request = request_of(tenant, "duel", 1, {1500});
  ASSERT_TRUE(enqueue(request).ok());
  ASSERT_TRUE(cancel(tenant, *request.ticket_id).ok());
  ASSERT_TRUE(enqueue(request).ok());
  const auto other = request_of(tenant, "duel", 1, {1500});
  const auto third = request_of(tenant, "duel", 1, {1500});
  ASSERT_TRUE(enqueue(other).ok());
  ASSERT_TRUE(enqueue(third).ok());
  ASSERT_TRUE(eventually([&] { return shared().published.match_of(*other.ticket_id).has_value(); }));
  EXPECT_FALSE(shared().published.match_of(*request.ticket_id).has_value());
  EXPECT_EQ(status_of(tenant, *request.ticket_id), TicketStatus::cancelled);
}

TEST(Status, ShowsATicketToItsPlayersOnly) {
  const auto tenant = fresh_tenant();
  const auto request = request_of(tenant, "ranked", 5, {1480, 1520});
  ASSERT_TRUE(enqueue(request).ok());
  GetTicket by_id;
  by_id.tenant = tenant;
  by_id.ticket_id = request.ticket_id;
  const auto seen = shared().send(by_id);
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->status, TicketStatus::searching);
  EXPECT_EQ(seen->queue_entry_id, *request.ticket_id);
  EXPECT_EQ(seen->team_size, 5);
  EXPECT_GE(seen->rating_window, 100);
  EXPECT_GT(seen->estimated_wait_seconds, 0);
  ASSERT_TRUE(seen->players.has_value());
  EXPECT_EQ(seen->players->at(1).mmr, 1520);

  const auto by_member = shared().send(by_id, as_player(tenant, request.players[0].player_id));
  ASSERT_TRUE(by_member.ok());
  EXPECT_FALSE(by_member->players.has_value());
  EXPECT_EQ(code_of(shared().send(by_id, as_player(tenant, fresh_player()))), Code::not_found);

  GetTicket by_player;
  by_player.tenant = tenant;
  by_player.player_id = request.players[1].player_id;
  EXPECT_EQ(shared().send(by_player)->ticket_id, *request.ticket_id);
  EXPECT_EQ(code_of(shared().send(by_player, as_player(tenant, request.players[0].player_id))), Code::not_found);
  by_player.player_id.reset();
  EXPECT_EQ(shared().send(by_player, as_player(tenant, request.players[0].player_id))->ticket_id, *request.ticket_id);
  EXPECT_EQ(code_of(shared().send(by_player)), Code::invalid_fields);
}

TEST(Poison, OnTheSubjectsIsRefusedByFieldAndHurtsNobody) {
  auto& world = shared();
  const auto refusal_of = [&](std::string_view subject, const std::string& body) {
    const auto answer = world.bus->request(subject, body, {}, soon());
    return std::pair(code_of(answer), pointer_of(answer));
  };
  const std::string deep(200'000, '[');
  const std::string large = "{\"mode\":\"" + std::string(1'000'000, 'x') + "\"}";
  for (const std::string subject :
       {"matchmaker.enqueue", "matchmaker.cancel", "matchmaker.status", "matchmaker.match"}) {
    EXPECT_EQ(refusal_of(subject, "{").first, Code::malformed_request) << subject;
    EXPECT_EQ(refusal_of(subject, deep).first, Code::malformed_request) << subject;
    EXPECT_EQ(refusal_of(subject, "[]").first, Code::invalid_fields) << subject;
    EXPECT_EQ(refusal_of(subject, "{\"tenant\":{}}").first, Code::invalid_fields) << subject;
    EXPECT_EQ(refusal_of(subject, large).first, Code::invalid_fields) << subject;
  }
  using Expected = std::pair<Code, std::string>;
  const std::string body_begin = R"({"mode":"ranked","region":"eu-west","team_size":5,"players":)";
  EXPECT_EQ(refusal_of("matchmaker.enqueue", body_begin + "[]}"), (Expected{Code::invalid_fields, "/players"}));
  EXPECT_EQ(refusal_of("matchmaker.enqueue", body_begin + R"([{"player_id":"x"}]})"),
            (Expected{Code::invalid_fields, "/players/0/player_id"}));
  EXPECT_EQ(refusal_of("matchmaker.enqueue",
                       body_begin + R"([{"player_id":"6fa459ea-ee8a-4ca4-894e-db77e160355e","mmr":1e300}]})"),
            (Expected{Code::invalid_fields, "/players/0/mmr"}));
  EXPECT_EQ(refusal_of("matchmaker.enqueue", R"({"mode":"Ranked:x","region":"eu-west","players":[]})").second, "/mode");
  EXPECT_EQ(refusal_of("matchmaker.enqueue", R"({"mode":"ranked","region":"eu","players":[]})").second, "/region");
  EXPECT_EQ(refusal_of("matchmaker.enqueue", R"({"ticket_id":7,"mode":"ranked","region":"eu-west"})").second,
            "/ticket_id");
  EXPECT_TRUE(enqueue(request_of(fresh_tenant(), "ranked", 5, {1500})).ok());
}

}  // namespace
}  // namespace mm::matchmaker
