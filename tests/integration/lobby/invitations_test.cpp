// Invitations: they end when they are answered or withdrawn, when they expire or the party is disbanded, always with a
// frame.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/integration/lobby/stack.h"

namespace mm::testing {
namespace {

class Invitations : public ::testing::Test {
 protected:
  void SetUp() override { stack.wait_for_frames(); }

  PartyId private_party() {
    CreateParty options;
    options.is_public = false;
    return party_of({&ada}, false, options);
  }
  bool received_end(const Gamer& gamer, PartyId party, const Gamer& guest, InviteEnd reason) {
    const auto text = wire::encode(frames::InviteEnded{party, guest.id, reason});
    return published.has_frame(gamer.id, "invite_ended", text);
  }
  bool listed(const Gamer& guest, PartyId party) {
    const auto invitations = guest.invitations();
    return invitations && std::any_of(invitations->begin(), invitations->end(),
                                      [&](const auto& invitation) { return invitation.party_id == party; });
  }

  Stack& stack = Stack::shared();
  EventRecorder& published = stack.published;
  const Gamer ada{stack, "ada"}, bob{stack, "bob"};
};

TEST_F(Invitations, ReachAPlayerWhoIsOfflineAndAreAcceptedOnce) {
  const Gamer offline(stack, "kim", Gamer::Socket::none);
  const auto party = private_party();
  ASSERT_TRUE(ada.invite(party, offline));
  const auto invitations = offline.invitations();
  ASSERT_TRUE(invitations);
  ASSERT_EQ(invitations->size(), 1U);
  EXPECT_EQ((*invitations)[0].party_id, party);
  EXPECT_EQ((*invitations)[0].from_player_id, ada.id);
  EXPECT_EQ((*invitations)[0].from_username, "ada");
  EXPECT_EQ((*invitations)[0].expires_at, stack.clock.now() + lobby::kInviteLifetime);
  EXPECT_EQ(refusal(offline.see(party)), Code::not_found);
  ASSERT_TRUE(offline.join(party));
  EXPECT_TRUE(received_end(ada, party, offline, InviteEnd::accepted));
  EXPECT_FALSE(listed(offline, party));
  ASSERT_TRUE(offline.leave(party));
  EXPECT_EQ(refusal(offline.join(party)), Code::not_found);
}

TEST_F(Invitations, AreSentAtOnceToAPlayerWhoIsOnline) {
  const auto party = private_party();
  ASSERT_TRUE(ada.invite(party, bob));
  const auto frame = published.wait_for_frame(bob.id, "invited");
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->data, wire::encode(frames::Invited{party, ada.id, "ada", bob.invitations()->at(0).expires_at}));
}

TEST_F(Invitations, AreDeclinedByTheGuest) {
  const auto party = private_party();
  ASSERT_TRUE(ada.invite(party, bob));
  ASSERT_TRUE(bob.decline(party));
  EXPECT_TRUE(received_end(ada, party, bob, InviteEnd::declined));
  EXPECT_TRUE(received_end(bob, party, bob, InviteEnd::declined));
  EXPECT_FALSE(listed(bob, party));
  EXPECT_EQ(refusal(bob.decline(party)), Code::not_found);
  EXPECT_EQ(refusal(bob.join(party)), Code::not_found);
}

TEST_F(Invitations, AreWithdrawnByTheLeaderAlone) {
  const Gamer eve(stack);
  const auto party = party_of({&ada, &eve});
  ASSERT_TRUE(ada.invite(party, bob));
  EXPECT_EQ(refusal(eve.withdraw(party, bob)), Code::not_leader);
  EXPECT_TRUE(listed(bob, party));
  ASSERT_TRUE(ada.withdraw(party, bob));
  EXPECT_TRUE(received_end(bob, party, bob, InviteEnd::withdrawn));
  EXPECT_FALSE(listed(bob, party));
  EXPECT_EQ(refusal(ada.withdraw(party, bob)), Code::not_found);
}

TEST_F(Invitations, EndWithTheirParty) {
  const auto party = private_party();
  ASSERT_TRUE(ada.invite(party, bob));
  ASSERT_TRUE(ada.leave(party));
  EXPECT_TRUE(received_end(bob, party, bob, InviteEnd::party_disbanded));
  EXPECT_FALSE(listed(bob, party));
  const auto keys = stack.queue.command({"EXISTS", "mm:{default}:invite:" + bob.id.to_string()},
                                        Deadline::after(Milliseconds{5'000}));
  EXPECT_EQ(keys->integer, 0);
}

TEST_F(Invitations, ExpireWithANotification) {
  const auto party = private_party();
  ASSERT_TRUE(ada.invite(party, bob));
  stack.clock.advance(lobby::kInviteLifetime);
  EXPECT_FALSE(listed(bob, party));
  EXPECT_TRUE(received_end(bob, party, bob, InviteEnd::expired));
  EXPECT_TRUE(received_end(ada, party, bob, InviteEnd::expired));
  stack.clock.advance(-lobby::kInviteLifetime);  // back, because the stack is shared
}

TEST_F(Invitations, OfAnUnknownPlayerAreRefusedAfterThePermissionCheck) {
  const Gamer stranger(stack);
  stack.profile.add_stranger(stranger.id);
  const auto party = party_of({&ada});
  const auto refused = ada.invite(party, stranger);
  ASSERT_EQ(refusal(refused), Code::invalid_fields);
  EXPECT_EQ(refused.error().errors.at(0).pointer, "/player_id");
  EXPECT_EQ(refusal(bob.invite(party, stranger)), Code::not_leader);
}

TEST_F(Invitations, OfAPartyAndOfAPlayerAreBoundedAndNoneIsDropped) {
  const auto party = party_of({&ada});
  std::vector<std::unique_ptr<Gamer>> guests;
  for (std::size_t i = 0; i < lobby::kMaxInvites; ++i) {
    guests.push_back(std::make_unique<Gamer>(stack, "guest", Gamer::Socket::none));
    ASSERT_TRUE(ada.invite(party, *guests.back()));
  }
  const auto party_full = ada.invite(party, bob);
  ASSERT_EQ(refusal(party_full), Code::too_many_invites);
  EXPECT_EQ(party_full.error().player_id, ada.id);
  EXPECT_TRUE(listed(*guests.front(), party));

  std::vector<std::unique_ptr<Gamer>> hosts;
  for (std::size_t i = 0; i < lobby::kMaxInvitesOfPlayer; ++i) {
    hosts.push_back(std::make_unique<Gamer>(stack, "host", Gamer::Socket::none));
    ASSERT_TRUE(hosts.back()->invite(party_of({hosts.back().get()}), bob));
  }
  const Gamer late(stack);
  const auto player_full = late.invite(party_of({&late}), bob);
  ASSERT_EQ(refusal(player_full), Code::too_many_invites);
  EXPECT_EQ(player_full.error().player_id, bob.id);
  EXPECT_EQ(bob.invitations()->size(), lobby::kMaxInvitesOfPlayer);
}

TEST_F(Invitations, AreAsDurableAsTheirParty) {
  Stack own;
  const Gamer host(own, "host"), guest(own, "guest", Gamer::Socket::none);
  const auto party = party_of({&host});
  ASSERT_TRUE(host.invite(party, guest));
  own.queue_server.kill();
  own.queue_server.restart();
  ASSERT_TRUE(eventually([&] { return guest.invitations().ok(); }));
  ASSERT_EQ(guest.invitations()->size(), 1U);
  EXPECT_TRUE(guest.join(party));
}

}  // namespace
}  // namespace mm::testing
