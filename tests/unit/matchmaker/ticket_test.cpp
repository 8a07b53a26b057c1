// Tests the stored form of a ticket, who may see a ticket, and which enqueues are admitted.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "services/matchmaker/queue/ticket_record.h"
#include "services/matchmaker/requests/admission.h"
#include "services/matchmaker/requests/ticket_view.h"

namespace mm::matchmaker {
namespace {

const PlayerId kAnn = *PlayerId::parse("0190f0a0-0000-7000-8000-000000000001");
const PlayerId kBob = *PlayerId::parse("0190f0a0-0000-7000-8000-000000000002");
const Region kEast = *Region::parse("us-east");
const Region kWest = *Region::parse("eu-west");

TEST(TicketRecordText, PlayersAndLatenciesAreReadAsTheyWereWritten) {
  const std::vector<TicketPlayer> players{{kAnn, 1500.25, 350}, {kBob, -12.5, 60.75}};
  const auto read = parse_players(players_text(players));
  ASSERT_EQ(read.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read[i].player_id, players[i].player_id);
    EXPECT_EQ(read[i].mmr, players[i].mmr);
    EXPECT_EQ(read[i].deviation, players[i].deviation);
  }
  const Latencies latencies{{kWest, 20.5}, {kEast, 110}};
  EXPECT_EQ(parse_latencies(latencies_text(latencies)), latencies);
}

TEST(TicketRecordText, DamagedPartsAreLeftOut) {
  EXPECT_TRUE(parse_players("").empty());
  EXPECT_TRUE(parse_players("nobody|1500|350,|,x").empty());
  EXPECT_EQ(parse_players("x|1|2," + players_text({{kAnn, 1, 2}})).size(), 1U);
  EXPECT_TRUE(parse_latencies("eu-west,=5,").empty());
}

TEST(TicketRecordText, FieldsOfTheHashAreAssignedByName) {
  TicketRecord ticket;
  for (const auto& [field, value] :
       std::map<std::string, std::string>{{"state", "matched"},
                                          {"buckets", "t:ranked:eu-west:5,t:ranked:us-east:5"},
                                          {"queued_at", "1800000000000"},
                                          {"attempt", "3"},
                                          {"spent_matched", "2500"},
                                          {"later_version", "x"}}) {
    assign_field(ticket, field, value);
  }
  EXPECT_EQ(ticket.state, TicketState::matched);
  EXPECT_EQ(ticket.first_bucket, "t:ranked:eu-west:5");
  EXPECT_EQ(ticket.queued_at, 1'800'000'000'000);
  EXPECT_EQ(ticket.attempt, 3);
  EXPECT_EQ(first_queued_at(ticket), 1'800'000'000'000 - 2'500);
  EXPECT_EQ(state_named("of a later version"), TicketState::missing);
}

StatusResult queued_at_1000() {
  StatusResult found;
  found.ticket.state = TicketState::queued;
  found.ticket.players = {{kAnn, 1500, 350}};
  found.ticket.queued_at = 1'000;
  found.now = 9'000;
  return found;
}

TEST(TicketView, OnlyItsPlayersAndServicesMaySeeATicket) {
  const auto found = queued_at_1000();
  Caller caller;
  caller.role = Role::player;
  EXPECT_FALSE(may_see(found, caller)) << "a player without an id";
  caller.player = kBob;
  EXPECT_FALSE(may_see(found, caller));
  caller.player = kAnn;
  EXPECT_TRUE(may_see(found, caller));
  EXPECT_EQ(tenant_of(*Tenant::parse("named"), caller), caller.tenant);
  caller.role = Role::service;
  caller.player = kBob;
  EXPECT_TRUE(may_see(found, caller));
  EXPECT_EQ(tenant_of(*Tenant::parse("named"), caller), *Tenant::parse("named"));
}

TEST(TicketView, AnEndedTicketIsShownForTenMinutes) {
  auto found = queued_at_1000();
  found.ticket.state = TicketState::cancelled;
  found.ticket.ended_at = 9'000;
  found.now = 9'000 + 600'000;
  EXPECT_TRUE(is_shown(found));
  found.now += 1;
  EXPECT_FALSE(is_shown(found));
}

TEST(TicketView, TheWaitOfAMatchedTicketEndsWhenItsMatchGetsAServer) {
  auto found = queued_at_1000();
  EXPECT_EQ(waited_ms(found), 8'000);
  EXPECT_EQ(counted_ms(found), 8'000);
  found.ticket.state = TicketState::matched;
  found.ticket.matched_at = 5'000;
  EXPECT_EQ(waited_ms(found), 8'000) << "its match has no server yet";
  EXPECT_EQ(counted_ms(found), 4'000) << "windows do not widen in a match";
  found.ticket.ready_at = 6'000;
  EXPECT_EQ(waited_ms(found), 5'000);
  EXPECT_EQ(status_of(found.ticket.state), TicketStatus::matched);
}

TEST(TicketView, TimeInFailedMatchesCountsForPlayersButNotForWindows) {
  auto found = queued_at_1000();
  found.ticket.spent_matched = 500;
  EXPECT_EQ(waited_ms(found), 8'500);
  EXPECT_EQ(counted_ms(found), 8'000);
}

ModeTable one_mode() {
  ModeRules rules;
  rules.id = *Mode::parse("ranked");
  rules.team_sizes = {2, 3};
  rules.default_team_size = 2;
  rules.max_party_spread = 400;
  return ModeTable({rules});
}

Enqueue enqueue_of(std::vector<TicketPlayer> players) {
  Enqueue request;
  request.mode = *Mode::parse("ranked");
  request.region = kWest;
  request.players = std::move(players);
  return request;
}

std::string refusal_of(const Enqueue& request) {
  const auto admitted = admit(request, default_tenant(), one_mode(), TimePoint(Milliseconds(1'000)));
  if (admitted) return "";
  return admitted.error().errors.empty() ? "no field" : admitted.error().errors.front().pointer;
}

TEST(Admission, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(refusal_of(enqueue_of({{kAnn, 1500, 350}})), "");
  auto unknown = enqueue_of({{kAnn, 1500, 350}});
  unknown.mode = *Mode::parse("casual");
  EXPECT_EQ(refusal_of(unknown), "/mode");
  auto size = enqueue_of({{kAnn, 1500, 350}});
  size.team_size = 4;
  EXPECT_EQ(refusal_of(size), "/team_size");
  EXPECT_EQ(refusal_of(enqueue_of({{kAnn, 1500, 350}, {kAnn, 1500, 350}})), "/players/1/player_id");
  EXPECT_EQ(refusal_of(enqueue_of({{kAnn, 1500, 350}, {kBob, 1901, 350}})), "/players");
  EXPECT_EQ(refusal_of(enqueue_of({{kAnn, 1500, 350}, {kBob, 1900, 350}})), "") << "exactly the allowed spread";
}

TEST(Admission, ARepeatedRequestHasTheSameContentWhateverItsRatings) {
  const auto content = [](const Enqueue& request) {
    return admit(request, default_tenant(), one_mode(), TimePoint(Milliseconds(1'000)))->content;
  };
  const auto first = content(enqueue_of({{kAnn, 1500, 350}, {kBob, 1600, 350}}));
  EXPECT_EQ(content(enqueue_of({{kBob, 1700, 60}, {kAnn, 1510, 350}})), first);
  auto other = enqueue_of({{kAnn, 1500, 350}, {kBob, 1600, 350}});
  other.region = kEast;
  EXPECT_NE(content(other), first);
}

TEST(Admission, ATicketWithLatenciesWaitsInItsRegionsBestFirst) {
  auto request = enqueue_of({{kAnn, 1500, 350}});
  request.latencies = Latencies{{kEast, 30}, {kWest, 30}};
  const auto buckets = admit(request, default_tenant(), one_mode(), TimePoint(Milliseconds(1'000)))->buckets;
  ASSERT_EQ(buckets.size(), 2U);
  EXPECT_EQ(buckets[0], "default:ranked:eu-west:2") << "among equals the requested region is first";
  EXPECT_EQ(buckets[1], "default:ranked:us-east:2");
}

}  // namespace
}  // namespace mm::matchmaker
