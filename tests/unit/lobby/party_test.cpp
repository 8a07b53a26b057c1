#include "services/lobby/core/party.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/lobby/parties.h"

namespace mm::lobby {
namespace {

const std::optional<Code> kAllowed = std::nullopt;

Reply<PartyState> joins(const PartyState& before, int number, bool in_a_party = false, TimePoint now = at(100)) {
  return join(before, {player(number), "p" + std::to_string(number), in_a_party}, now);
}

TEST(Party, IsCreatedWithItsCreatorAsLeader) {
  CreateParty options;
  options.username = "ada";
  options.max_size = 3;
  options.is_public = false;
  options.home_region = Region::parse("us-east");
  const auto party = create_party(some_party(), {player(1)}, options, at(0)).party;
  EXPECT_EQ(party.leader_id, player(1));
  EXPECT_EQ(party.region.str(), "us-east");
  EXPECT_EQ(party.max_size, 3);
  EXPECT_FALSE(party.is_public);
  EXPECT_EQ(party.version, 1);
  ASSERT_EQ(party.members.size(), 1U);
  EXPECT_EQ(party.members[0].username, "ada");
  EXPECT_FALSE(party.members[0].ready);
}

TEST(Party, TakesTheRequestedRegionThenTheHomeRegionThenTheDefault) {
  CreateParty options;
  EXPECT_EQ(create_party(some_party(), {player(1)}, options, at(0)).party.region.str(), "eu-west");
  options.home_region = Region::parse("us-east");
  options.region = Region::parse("ap-south");
  EXPECT_EQ(create_party(some_party(), {player(1)}, options, at(0)).party.region.str(), "ap-south");
}

// The permissions of the leader, of another member, and of a stranger to a public and to a private party.
TEST(Party, RefusesByRoleNotFoundBeforeForbidden) {
  const auto open = party_of(3);
  const auto closed = party_of(3, false);
  struct Row {
    const char* what;
    std::function<std::optional<Code>(const PartyState&, PlayerId)> act;
    std::optional<Code> leader, member, stranger;
  };
  const std::vector<Row> rows{
      {"see", [](auto& p, auto who) { return refusal(may_see(p.party, who)); }, kAllowed, kAllowed, kAllowed},
      {"ready", [](auto& p, auto who) { return refusal(set_ready(p, who, true)); }, kAllowed, kAllowed,
       Code::not_member},
      {"leave", [](auto& p, auto who) { return refusal(leave(p, who)); }, kAllowed, kAllowed, Code::not_member},
      {"chat", [](auto& p, auto who) { return refusal(require_member(p.party, who)); }, kAllowed, kAllowed,
       Code::not_member},
      {"invite", [](auto& p, auto who) { return refusal(invite(p, who, player(50), at(0))); }, kAllowed,
       Code::not_leader, Code::not_leader},
      {"kick", [](auto& p, auto who) { return refusal(kick(p, who, player(3), at(0))); }, kAllowed, Code::not_leader,
       Code::not_leader},
      {"promote", [](auto& p, auto who) { return refusal(promote(p, who, player(3))); }, kAllowed, Code::not_leader,
       Code::not_leader},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(row.act(open, player(1)), row.leader) << row.what;
    EXPECT_EQ(row.act(open, player(2)), row.member) << row.what;
    EXPECT_EQ(row.act(open, player(9)), row.stranger) << row.what;
    EXPECT_EQ(row.act(closed, player(2)), row.member) << row.what;
    EXPECT_EQ(row.act(closed, player(9)), Code::not_found) << row.what;
  }
}

TEST(Join, AddsAtTheEndAndClearsEveryonesReadiness) {
  const auto after = joins(with_all_ready(party_of(2)), 3);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->party.members.back().player_id, player(3));
  EXPECT_EQ(ready_count(*after), 0);
  EXPECT_EQ(after->party.version, party_of(2).party.version + 1);
}

TEST(Join, IsRefusedInThisOrder) {
  EXPECT_EQ(refusal(joins(party_of(5, false), 9, true)), Code::not_found);
  EXPECT_EQ(refusal(joins(queued_party(5), 9, true)), Code::already_in_party);
  EXPECT_EQ(refusal(joins(queued_party(5), 9)), Code::party_in_queue);
  EXPECT_EQ(refusal(joins(playing_party(5), 9)), Code::party_in_match);
  EXPECT_EQ(refusal(joins(party_of(5), 9)), Code::party_full);
}

TEST(Join, OfAMemberIsAlreadyInPartyEvenInAPrivateOne) {
  EXPECT_EQ(refusal(joins(party_of(2, false), 2, true)), Code::already_in_party);
}

TEST(Join, OfAPrivatePartyNeedsAnOpenInvitation) {
  const auto invited = invite(party_of(2, false), player(1), player(9), at(0));
  ASSERT_TRUE(invited);
  EXPECT_EQ(refusal(joins(*invited, 8)), Code::not_found);
  const auto after = joins(*invited, 9);
  ASSERT_TRUE(after);
  EXPECT_TRUE(after->invites.empty());
  EXPECT_EQ(refusal(join(*invited, {player(9), "p9", false}, at(0) + kInviteLifetime)), Code::not_found);
}

TEST(Join, KeepsTheOrderOfJoiningWhenTheClockGoesBack) {
  const auto after = joins(party_of(3), 4, false, at(-3600));
  ASSERT_TRUE(after);
  EXPECT_GT(after->party.members[3].joined_at, after->party.members[2].joined_at);
}

TEST(Ready, TogglesWhenAbsentAndSetsWhenGiven) {
  auto state = party_of(2);
  state = *set_ready(state, player(2), std::nullopt);
  EXPECT_TRUE(find_member(state.party, player(2))->ready);
  state = *set_ready(state, player(2), std::nullopt);
  EXPECT_FALSE(find_member(state.party, player(2))->ready);
  state = *set_ready(state, player(2), true);
  EXPECT_TRUE(find_member(state.party, player(2))->ready);
}

TEST(Ready, SetToWhatItIsChangesNothing) {
  const auto state = party_of(2);
  EXPECT_EQ(set_ready(state, player(2), false)->party.version, state.party.version);
}

TEST(Ready, CountsTheLeaderToo) {
  auto state = party_of(3);
  for (int i = 2; i <= 3; ++i) state = *set_ready(state, player(i), true);
  auto summary = ready_summary(state.party);
  EXPECT_EQ(summary.ready_count, 2);
  EXPECT_EQ(summary.total_count, 3);
  EXPECT_FALSE(summary.all_ready);
  EXPECT_EQ(summary.not_ready, std::vector{player(1)});
  summary = ready_summary(set_ready(state, player(1), true)->party);
  EXPECT_TRUE(summary.all_ready);
}

TEST(Ready, IsFixedWhileQueuedOrPlaying) {
  EXPECT_EQ(refusal(set_ready(queued_party(2), player(2), false)), Code::party_in_queue);
  EXPECT_EQ(refusal(set_ready(playing_party(2), player(2), false)), Code::party_in_match);
}

TEST(Leave, PassesTheLeadToTheMemberWhoJoinedFirst) {
  auto state = party_of(4);
  state = *leave(state, player(2));
  state = *leave(state, player(1));
  EXPECT_EQ(state.party.leader_id, player(3));
  state = *leave(state, player(4));
  EXPECT_EQ(state.party.leader_id, player(3));
}

TEST(Leave, ClearsTheReadinessOfTheOtherMembers) {
  EXPECT_EQ(ready_count(*leave(with_all_ready(party_of(3)), player(2))), 0);
}

TEST(Leave, OfTheLastEmptiesTheParty) { EXPECT_TRUE(leave(party_of(1), player(1))->party.members.empty()); }

TEST(Leave, WhileQueuedEndsTheTicketAndWhilePlayingDoesNotChangeTheMatch) {
  const auto queued = *leave(queued_party(3), player(3));
  EXPECT_EQ(queued.party.status, PartyStatus::idle);
  EXPECT_FALSE(queued.party.ticket_id);
  const auto playing = *leave(playing_party(3), player(3));
  EXPECT_EQ(playing.party.status, PartyStatus::in_match);
  EXPECT_EQ(playing.party.match_id, some_match());
}

TEST(Kick, RemovesAMemberButNotTheLeaderAndNobodyElse) {
  EXPECT_EQ(kick(party_of(3), player(1), player(2), at(0))->party.members.size(), 2U);
  EXPECT_EQ(refusal(kick(party_of(3), player(1), player(1), at(0))), Code::invalid_fields);
  EXPECT_EQ(refusal(kick(party_of(3), player(1), player(9), at(0))), Code::not_found);
}

TEST(Kick, BansThePlayerForAWhileUnlessInvited) {
  const auto kicked = *kick(party_of(3), player(1), player(2), at(0));
  const auto refused = joins(kicked, 2, false, at(299));
  EXPECT_EQ(refusal(refused), Code::kicked);
  EXPECT_EQ(refused.error().retry_after_seconds, 1);
  EXPECT_TRUE(joins(kicked, 2, false, at(0) + kKickBan));
  EXPECT_TRUE(joins(kicked, 9, false, at(1))) << "other players are not banned";
  const auto invited = *invite(kicked, player(1), player(2), at(1));
  EXPECT_TRUE(joins(invited, 2, false, at(2)));
  const auto withdrawn = *end_invite(invited, player(1), player(2), at(2));
  EXPECT_TRUE(joins(withdrawn, 2, false, at(3))) << "the invitation lifted the ban";
}

TEST(Kick, RemovesExpiredBans) {
  const auto first = *kick(party_of(3), player(1), player(2), at(0));
  const auto second = *kick(first, player(1), player(3), at(0) + kKickBan);
  EXPECT_EQ(second.kicked.size(), 1U);
}

TEST(Promote, PassesTheLeadToAMemberAndKeepsReadiness) {
  const auto after = promote(with_all_ready(party_of(3)), player(1), player(2));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->party.leader_id, player(2));
  EXPECT_EQ(ready_count(*after), 3);
  EXPECT_EQ(refusal(promote(party_of(3), player(1), player(9))), Code::not_found);
  EXPECT_EQ(refusal(promote(queued_party(3), player(1), player(2))), Code::party_in_queue);
}

TEST(Promote, OfTheLeaderChangesNothing) {
  EXPECT_EQ(promote(party_of(3), player(1), player(1))->party.version, party_of(3).party.version);
}

TEST(Invite, OfAMemberIsRefused) {
  const auto refused = invite(party_of(3), player(1), player(2), at(0));
  EXPECT_EQ(refusal(refused), Code::already_in_party);
  EXPECT_EQ(refused.error().player_id, player(2));
}

TEST(Invite, BeyondTheLimitIsRefusedAndDropsNone) {
  auto state = party_of(1, false);
  const auto most = static_cast<int>(kMaxInvites);
  for (int i = 0; i < most; ++i) state = *invite(state, player(1), player(100 + i), at(i));
  EXPECT_EQ(refusal(invite(state, player(1), player(99), at(most))), Code::too_many_invites);
  EXPECT_TRUE(invite(state, player(1), player(100), at(most))) << "an invitation can be renewed";
  EXPECT_TRUE(invite(state, player(1), player(99), at(0) + kInviteLifetime)) << "expired invitations do not count";
}

TEST(Invite, IsDeclinedByTheGuestAndWithdrawnByTheLeader) {
  const auto invited = *invite(party_of(2, false), player(1), player(9), at(0));
  EXPECT_FALSE(end_invite(invited, player(9), player(9), at(1))->invites.contains(player(9)));
  EXPECT_FALSE(end_invite(invited, player(1), player(9), at(1))->invites.contains(player(9)));
  EXPECT_EQ(refusal(end_invite(invited, player(2), player(9), at(1))), Code::not_leader);
  EXPECT_EQ(refusal(end_invite(invited, player(8), player(9), at(1))), Code::not_found);
  EXPECT_EQ(refusal(end_invite(invited, player(8), player(8), at(1))), Code::not_found);
  EXPECT_EQ(refusal(end_invite(invited, player(9), player(9), at(0) + kInviteLifetime)), Code::not_found);
}

TEST(Invite, ExpiresOnlyAtItsTime) {
  const auto invited = *invite(party_of(1), player(1), player(9), at(0));
  EXPECT_EQ(expire_invite(invited, player(9), at(1)).party.version, invited.party.version);
  EXPECT_TRUE(expire_invite(invited, player(9), at(0) + kInviteLifetime).invites.empty());
}

PartyState with_presence(PartyState state, std::initializer_list<std::pair<int, Presence>> members) {
  for (const auto& [number, presence] : members) set_presence(state, player(number), presence);
  return state;
}

TEST(Absence, IsShownAtOnceAndClearsReadinessAfterTheGracePeriod) {
  const auto before = with_presence(with_all_ready(party_of(2)), {{1, Presence::connected}, {2, Presence::connected}});
  const auto away = socket_changed(before, player(2), false);
  EXPECT_FALSE(find_member(away.party, player(2))->connected);
  EXPECT_EQ(ready_count(away), 2);
  EXPECT_EQ(away.party.version, before.party.version + 1);
  const auto absent = grace_ended(away, player(2));
  EXPECT_FALSE(find_member(absent.party, player(2))->ready);
  EXPECT_TRUE(find_member(absent.party, player(1))->ready);
  const auto back = socket_changed(absent, player(2), true);
  EXPECT_TRUE(find_member(back.party, player(2))->connected);
  EXPECT_FALSE(find_member(back.party, player(2))->ready) << "a member who reconnects is not ready";
}

TEST(Absence, AppliesOnlyToPlayersWhoHadASocket) {
  const auto before = with_all_ready(party_of(2));
  EXPECT_EQ(grace_ended(before, player(2)).party.version, before.party.version);
}

TEST(Absence, PassesTheLeadToTheConnectedMemberWhoJoinedFirst) {
  auto state = with_presence(party_of(4), {{1, Presence::away}, {3, Presence::connected}, {4, Presence::connected}});
  EXPECT_EQ(grace_ended(state, player(1)).party.leader_id, player(3));
  EXPECT_EQ(leave(state, player(1))->party.leader_id, player(3)) << "a leader who leaves has the same successor";
}

TEST(Absence, OfAllMembersKeepsTheLeaderUntilAMemberConnects) {
  auto state = with_presence(party_of(3), {{1, Presence::away}, {2, Presence::absent}});
  state = grace_ended(state, player(1));
  EXPECT_EQ(state.party.leader_id, player(1));
  EXPECT_EQ(socket_changed(state, player(2), true).party.leader_id, player(2));
  EXPECT_EQ(join(state, {player(9), "p9", false, true}, at(100))->party.leader_id, player(9));
  EXPECT_EQ(socket_changed(state, player(1), true).party.leader_id, player(1));
}

TEST(Absence, OfThePromotedMemberIsRefused) {
  const auto state = with_presence(party_of(2), {{2, Presence::absent}});
  EXPECT_EQ(refusal(promote(state, player(1), player(2))), Code::member_absent);
}

TEST(Ticket, DeterminesTheStatusOfTheParty) {
  struct Row {
    TicketFacts facts;
    PartyStatus status;
    bool shows_ticket;
    bool keeps_readiness;
  };
  const std::vector<Row> rows{
      {{TicketStage::none, {}, false}, PartyStatus::idle, false, true},
      {{TicketStage::queued, {}, false}, PartyStatus::queued, true, true},
      {{TicketStage::in_match, some_match(), false}, PartyStatus::in_match, true, true},
      {{TicketStage::match_over, some_match(), false}, PartyStatus::idle, false, false},
      {{TicketStage::ended, {}, false}, PartyStatus::idle, false, true},             // cancelled or timed out
      {{TicketStage::ended, some_match(), false}, PartyStatus::idle, false, false},  // ended with its match
      {{TicketStage::ended, {}, false, true}, PartyStatus::idle, false, false},      // a member was absent
      {{TicketStage::gone, {}, false}, PartyStatus::idle, false, false},
  };
  for (const auto& row : rows) {
    auto stored = with_all_ready(party_of(2));
    stored.party.ticket_id = some_ticket();
    const auto state = with_ticket(stored, row.facts);
    EXPECT_EQ(state.party.status, row.status);
    EXPECT_EQ(state.party.ticket_id.has_value(), row.shows_ticket);
    EXPECT_EQ(ready_count(state), row.keeps_readiness ? 2 : 0);
  }
}

TEST(Settle, WritesNothingBeforeTheTicketHasEnded) {
  EXPECT_FALSE(settle(party_of(2), std::nullopt, {}, some_match()));
  EXPECT_FALSE(settle(queued_party(2), some_ticket(), {TicketStage::queued, {}, false}, some_match()));
  EXPECT_FALSE(settle(playing_party(2), some_ticket(), {TicketStage::in_match, some_match(), false}, std::nullopt));
  EXPECT_FALSE(settle(playing_party(2), some_ticket(), {TicketStage::in_match, some_match(), false},
                      MatchId(player(4000).uuid())));
}

TEST(Settle, AfterItsMatchNobodyIsReadyEvenBeforeTheQueueKnows) {
  const auto before = playing_party(2);
  const auto after = settle(before, some_ticket(), {TicketStage::in_match, some_match(), false}, some_match());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->party.status, PartyStatus::idle);
  EXPECT_FALSE(after->party.ticket_id);
  EXPECT_FALSE(after->party.match_id);
  EXPECT_EQ(ready_count(*after), 0);
  EXPECT_EQ(after->party.version, before.party.version + 1);
}

TEST(Settle, RemovesAnEndedTicket) {
  auto stored = with_all_ready(party_of(2));
  stored.party.ticket_id = some_ticket();
  const TicketFacts ended{TicketStage::ended, {}, false};
  const auto after = settle(with_ticket(stored, ended), some_ticket(), ended, std::nullopt);
  ASSERT_TRUE(after);
  EXPECT_FALSE(after->party.ticket_id);
  EXPECT_EQ(ready_count(*after), 2);
  EXPECT_EQ(after->party.version, stored.party.version + 1);
}

}  // namespace
}  // namespace mm::lobby
