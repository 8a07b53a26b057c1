#include "services/lobby/core/queue.h"

#include <gtest/gtest.h>

#include "tests/unit/lobby/parties.h"

namespace mm::lobby {
namespace {

Mode mode(const char* name) { return *Mode::parse(name); }

class QueueRules : public ::testing::Test {
 protected:
  QueueRules() {
    ModeRules ranked;
    ranked.id = mode("ranked");
    ranked.max_party_spread = 300;
    ModeRules duel;
    duel.id = mode("duel");
    duel.team_sizes = {1};
    modes_ = ModeTable({ranked, duel});
  }

  Reply<Enqueue> enters(const PartyState& party, PlayerId caller, const EnterQueue& options) {
    return enter_queue(party, {default_tenant(), caller, some_ticket()}, options, {modes_, ratings_, now_});
  }
  Reply<Enqueue> enters_alone(int party_size, const EnterQueue& options) {
    const auto party = party_size == 0 ? std::nullopt : std::optional(party_of(party_size));
    return enter_queue_alone(party, {default_tenant(), player(1), some_ticket()}, options, {modes_, ratings_, now_});
  }
  static EnterQueue options_for(const char* name, std::optional<int> team_size = std::nullopt) {
    EnterQueue options;
    options.mode = mode(name);
    options.team_size = team_size;
    return options;
  }

  ModeTable modes_;
  RatingView ratings_;
  TimePoint now_ = at(0);
};

TEST_F(QueueRules, AReadyPartyIsQueuedWithItsVersionAndRatings) {
  ratings_.apply(player(2), mode("ranked"), {1600.25, 80.5, 40});
  auto options = options_for("ranked");
  options.latencies = Latencies{{default_region(), 20.0}};
  const auto party = with_all_ready(party_of(2));
  const auto request = enters(party, player(1), options);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->ticket_id, some_ticket());
  EXPECT_EQ(request->party_id, some_party());
  EXPECT_EQ(request->party_version, party.party.version);
  EXPECT_EQ(request->team_size, 5);
  EXPECT_EQ(request->region, party.party.region);
  EXPECT_EQ(request->latencies, options.latencies);
  ASSERT_EQ(request->players.size(), 2U);
  EXPECT_EQ(request->players[0].mmr, kInitialMmr);
  EXPECT_EQ(request->players[0].deviation, kInitialDeviation);
  EXPECT_EQ(request->players[1].mmr, 1600.25);
  EXPECT_EQ(request->players[1].deviation, 80.5);
}

TEST_F(QueueRules, TheDeviationOfAnInactivePlayerGrows) {
  const auto queued = [&](PlayerId who) {
    ratings_.apply(who, mode("ranked"), {1600.25, 60, 40, now_ - std::chrono::hours(24 * 365), 4.825});
    const auto request = enter_queue_alone(std::nullopt, {default_tenant(), who, some_ticket()}, options_for("ranked"),
                                           {modes_, ratings_, now_});
    return request ? request->players.at(0).deviation : 0;
  };
  EXPECT_NEAR(queued(player(1)), 110, 0.1);
  now_ -= std::chrono::hours(24 * 365);
  EXPECT_NEAR(queued(player(1)), 60, 1e-9);
  now_ += std::chrono::hours(24 * 365 * 20);
  EXPECT_EQ(queued(player(1)), kInitialDeviation) << "at most the deviation of a new player";
}

TEST_F(QueueRules, RefusalsOfAPartyComeInOrder) {
  ratings_.apply(player(2), mode("ranked"), {1900, 80, 40});
  const auto ready = with_all_ready(party_of(2));
  const auto large = queued_party(3);
  EXPECT_EQ(refusal(enters(with_all_ready(party_of(2, false)), player(9), options_for("nowhere"))), Code::not_found);
  EXPECT_EQ(refusal(enters(ready, player(2), options_for("nowhere"))), Code::not_leader);
  EXPECT_EQ(refusal(enters(ready, player(9), options_for("nowhere"))), Code::not_leader);
  EXPECT_EQ(refusal(enters(large, player(1), options_for("nowhere", 7))), Code::unknown_mode);
  EXPECT_EQ(refusal(enters(large, player(1), options_for("ranked", 7))), Code::invalid_team_size);
  EXPECT_EQ(refusal(enters(large, player(1), options_for("ranked", 2))), Code::party_too_large);
  EXPECT_EQ(refusal(enters(large, player(1), options_for("ranked"))), Code::party_spread_too_wide);
}

TEST_F(QueueRules, ConflictsOfAPartyComeLast) {
  const auto queued = enters(queued_party(2), player(1), options_for("ranked"));
  EXPECT_EQ(refusal(queued), Code::already_queued);
  EXPECT_EQ(queued.error().ticket_id, some_ticket());
  EXPECT_EQ(refusal(enters(playing_party(2), player(1), options_for("ranked"))), Code::in_match);
  auto party = with_all_ready(party_of(2));
  party.party.members[0].ready = false;  // the leader must be ready too
  EXPECT_EQ(refusal(enters(party, player(1), options_for("ranked"))), Code::not_all_ready);
}

TEST_F(QueueRules, AbsentMembersAreReportedBeforeMembersWhoAreNotReady) {
  auto party = party_of(3);
  set_presence(party, player(2), Presence::absent);
  set_presence(party, player(3), Presence::absent);
  const auto refused = enters(party, player(1), options_for("ranked"));
  EXPECT_EQ(refusal(refused), Code::member_absent);
  EXPECT_EQ(refused.error().player_id, player(2));
  ASSERT_EQ(refused.error().errors.size(), 2U);
  EXPECT_EQ(refused.error().errors[1].pointer, "/members/" + player(3).to_string());
}

TEST_F(QueueRules, AMemberInTheGracePeriodAndTheCallerAreNotAbsent) {
  auto party = with_all_ready(party_of(3));
  set_presence(party, player(1), Presence::absent);
  set_presence(party, player(2), Presence::away);
  EXPECT_TRUE(enters(party, player(1), options_for("ranked")));
}

TEST_F(QueueRules, EveryConflictOfAPartyNamesAPlayer) {
  auto party = with_all_ready(party_of(2));
  party.party.members[1].ready = false;
  EXPECT_EQ(enters(party, player(1), options_for("ranked")).error().player_id, player(2));
  EXPECT_EQ(enters(queued_party(2), player(1), options_for("ranked")).error().player_id, player(1));
  EXPECT_EQ(enters(playing_party(2), player(1), options_for("ranked")).error().player_id, player(1));
  EXPECT_EQ(enters_alone(2, options_for("duel")).error().player_id, player(1));
}

TEST_F(QueueRules, ASpreadAtTheLimitIsAllowed) {
  ratings_.apply(player(2), mode("ranked"), {1800, 80, 40});
  EXPECT_TRUE(enters(with_all_ready(party_of(2)), player(1), options_for("ranked")));
}

TEST_F(QueueRules, APlayerQueuesAloneWithoutAPartyOrInAPartyOfOne) {
  for (const int size : {0, 1}) {
    const auto request = enters_alone(size, options_for("duel"));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->party_id.has_value(), size == 1) << "the ticket of a party of one belongs to the party";
    EXPECT_EQ(request->party_version.has_value(), size == 1);
    EXPECT_EQ(request->team_size, 1);
    EXPECT_EQ(request->players.size(), 1U);
  }
  EXPECT_EQ(refusal(enters_alone(2, options_for("duel"))), Code::in_party);
  EXPECT_EQ(refusal(enters_alone(2, options_for("nowhere"))), Code::unknown_mode);
  EXPECT_EQ(refusal(enters_alone(0, options_for("duel", 2))), Code::invalid_team_size);
}

TEST_F(QueueRules, TheRegionIsTheRequestedOneElseThePartysOrTheHomeElseTheDefault) {
  auto options = options_for("duel");
  EXPECT_EQ(enters_alone(0, options)->region.str(), "eu-west");
  options.home_region = Region::parse("us-east");
  EXPECT_EQ(enters_alone(0, options)->region.str(), "us-east");
  auto party = with_all_ready(party_of(1));
  party.party.region = *Region::parse("sa-east");
  EXPECT_EQ(enters(party, player(1), options)->region.str(), "sa-east");
  options.region = Region::parse("ap-south");
  EXPECT_EQ(enters_alone(0, options)->region.str(), "ap-south");
  EXPECT_EQ(enters(party, player(1), options)->region.str(), "ap-south");
}

TEST_F(QueueRules, TheTicketHasTheDataOfTheRequestAndTheAnswer) {
  const auto request = enters(with_all_ready(party_of(2)), player(1), options_for("ranked"));
  Enqueued answer;
  answer.ticket_id = some_ticket();
  answer.queued_at = at(10);
  answer.estimated_wait_seconds = 12.5;
  const auto ticket = ticket_of(*request, answer, modes_, at(11));
  EXPECT_EQ(ticket.ticket_id, some_ticket());
  EXPECT_EQ(ticket.queue_entry_id, some_ticket());
  EXPECT_EQ(ticket.party_id, some_party());
  EXPECT_EQ(ticket.status, TicketStatus::searching);
  EXPECT_EQ(ticket.mode, mode("ranked"));
  EXPECT_EQ(ticket.team_size, 5);
  EXPECT_EQ(ticket.waited_ms, 1000);
  EXPECT_EQ(ticket.rating_window, 100);
  EXPECT_EQ(ticket.estimated_wait_seconds, 12.5);
  EXPECT_GE(ticket.estimated_wait_p90_seconds, ticket.estimated_wait_seconds);
  EXPECT_FALSE(ticket.players);
  EXPECT_EQ(ticket_of(*request, answer, modes_, at(0)).waited_ms, 0);
}

TEST(CancelRules, ATicketIsCancelledByItsPlayerOrByTheLeaderOfItsParty) {
  const TicketOwners alone{{player(1)}, std::nullopt};
  EXPECT_TRUE(may_cancel(alone, std::nullopt, player(1)));
  EXPECT_EQ(refusal(may_cancel(alone, std::nullopt, player(2))), Code::not_found);
  const TicketOwners partys{{player(1), player(2)}, some_party()};
  EXPECT_TRUE(may_cancel(partys, queued_party(2), player(1)));
  EXPECT_EQ(refusal(may_cancel(partys, queued_party(2), player(2))), Code::not_leader);
  EXPECT_EQ(refusal(may_cancel(partys, queued_party(2), player(9))), Code::not_found);
  EXPECT_TRUE(may_cancel(partys, std::nullopt, player(2)));  // the party was disbanded
}

TEST(CancelRules, APartysTicketIsFoundThroughItsLeader) {
  EXPECT_EQ(*ticket_to_cancel(queued_party(2), player(1)), some_ticket());
  EXPECT_EQ(refusal(ticket_to_cancel(queued_party(2), player(2))), Code::not_leader);
  EXPECT_EQ(refusal(ticket_to_cancel(party_of(2), player(1))), Code::not_queued);
  EXPECT_EQ(*ticket_to_cancel(playing_party(2), player(1)), some_ticket())
      << "matchmaker decides about a matched ticket";
}

}  // namespace
}  // namespace mm::lobby
