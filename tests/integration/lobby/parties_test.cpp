// The requests about parties.
#include <gtest/gtest.h>

#include <thread>

#include "tests/integration/lobby/stack.h"

namespace mm::testing {
namespace {

class Parties : public ::testing::Test {
 protected:
  void SetUp() override { stack.wait_for_frames(); }

  Stack& stack = Stack::shared();
  EventRecorder& published = stack.published;
};

TEST_F(Parties, APartyIsCreatedSeenAndFoundThroughItsMember) {
  const Gamer ada(stack, "ada");
  CreateParty options;
  options.max_size = 3;
  options.region = Region::parse("us-east");
  const auto party = ada.create(options);
  ASSERT_TRUE(party);
  EXPECT_EQ(party->leader_id, ada.id);
  EXPECT_EQ(party->version, 1);
  EXPECT_EQ(party->status, PartyStatus::idle);
  ASSERT_EQ(party->members.size(), 1U);
  EXPECT_EQ(party->members[0].username, "ada");
  EXPECT_EQ(wire::encode(*ada.see(party->party_id)), wire::encode(*party));
  EXPECT_EQ(wire::encode(*ada.send(GetParty{std::nullopt, ada.id})), wire::encode(*party));
  EXPECT_EQ(refusal(ada.create()), Code::already_in_party);
}

TEST_F(Parties, APrivatePartyIsNotFoundForOthers) {
  const Gamer ada(stack), bob(stack);
  CreateParty options;
  options.is_public = false;
  const auto party = party_of({&ada}, false, options);
  const auto nowhere = PartyId::fresh(SystemClock{}.now());
  for (const auto& id : {party, nowhere}) {
    EXPECT_EQ(refusal(bob.see(id)), Code::not_found);
    EXPECT_EQ(refusal(bob.join(id)), Code::not_found);
    EXPECT_EQ(refusal(bob.leave(id)), Code::not_found);
    EXPECT_EQ(refusal(bob.ready(id)), Code::not_found);
    EXPECT_EQ(refusal(bob.chat(id, "hi")), Code::not_found);
    EXPECT_EQ(refusal(bob.invite(id, bob)), Code::not_found);
    EXPECT_EQ(refusal(bob.kick(id, ada)), Code::not_found);
    EXPECT_EQ(refusal(bob.promote(id, bob)), Code::not_found);
    EXPECT_EQ(refusal(bob.queue(id)), Code::not_found);
    EXPECT_EQ(refusal(bob.cancel(id)), Code::not_found);
  }
  EXPECT_EQ(refusal(bob.send(GetParty{std::nullopt, ada.id})), Code::no_party);
}

TEST_F(Parties, APublicPartyIsVisibleToAllAndChangedByItsMembers) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto party = party_of({&ada, &bob});
  EXPECT_TRUE(eve.see(party));
  EXPECT_EQ(refusal(eve.leave(party)), Code::not_member);
  EXPECT_EQ(refusal(eve.ready(party)), Code::not_member);
  EXPECT_EQ(refusal(eve.chat(party, "hi")), Code::not_member);
  for (const Gamer* other : {&eve, &bob}) {
    EXPECT_EQ(refusal(other->invite(party, eve)), Code::not_leader);
    EXPECT_EQ(refusal(other->kick(party, bob)), Code::not_leader);
    EXPECT_EQ(refusal(other->promote(party, bob)), Code::not_leader);
    EXPECT_EQ(refusal(other->queue(party)), Code::not_leader);
    EXPECT_EQ(refusal(other->cancel(party)), Code::not_leader);
  }
}

TEST_F(Parties, OtherTenantsAreSeparate) {
  const Gamer ada(stack);
  const Gamer eve(stack, "eve", Gamer::Socket::open, *Tenant::parse("other"));
  const auto party = party_of({&ada});
  EXPECT_EQ(refusal(eve.see(party)), Code::not_found);
  EXPECT_EQ(refusal(eve.join(party)), Code::not_found);
}

TEST_F(Parties, ServicesSeeEveryPartyButHaveNoneOfTheirOwn) {
  const Gamer ada(stack);
  CreateParty options;
  options.is_public = false;
  const auto party = party_of({&ada}, false, options);
  const auto deadline = Deadline::after(Milliseconds{5'000});
  EXPECT_TRUE(stack.bus->request(GetParty{party, std::nullopt}, Caller{}, deadline));
  EXPECT_TRUE(stack.bus->request(GetParty{std::nullopt, ada.id}, Caller{}, deadline));
  EXPECT_EQ(refusal(stack.bus->request(GetParty{}, Caller{}, deadline)), Code::invalid_fields);
  EXPECT_EQ(refusal(stack.bus->request(CreateParty{}, Caller{}, deadline)), Code::forbidden);
  EXPECT_EQ(refusal(stack.bus->request(JoinParty{party, "x"}, Caller{}, deadline)), Code::forbidden);
}

TEST_F(Parties, JoiningNotifiesTheMembersAndClearsReadiness) {
  const Gamer ada(stack, "ada"), bob(stack, "bob");
  const auto party = party_of({&ada}, true);
  const auto joined = bob.join(party);
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->members.size(), 2U);
  EXPECT_EQ(joined->members[1].username, "bob");
  EXPECT_FALSE(joined->members[0].ready);
  EXPECT_EQ(refusal(bob.join(party)), Code::already_in_party);
  for (const Gamer* member : {&ada, &bob}) {
    const auto frame = published.wait_for_frame(member->id, "member_joined");
    ASSERT_TRUE(frame);
    EXPECT_NE(frame->data.find(bob.id.to_string()), std::string::npos);
    EXPECT_TRUE(published.wait_for_frame(member->id, "party_updated"));
  }
}

TEST_F(Parties, AFullPartyIsFull) {
  const Gamer ada(stack), bob(stack), eve(stack);
  CreateParty options;
  options.max_size = 2;
  const auto party = party_of({&ada, &bob}, false, options);
  EXPECT_EQ(refusal(eve.join(party)), Code::party_full);
}

TEST_F(Parties, OfAHundredJoinsForTheLastPlaceExactlyOneSucceeds) {
  const Gamer ada(stack);
  CreateParty options;
  options.max_size = 2;
  const auto party = party_of({&ada}, false, options);
  std::vector<std::unique_ptr<Gamer>> gamers;
  for (int i = 0; i < 100; ++i) gamers.push_back(std::make_unique<Gamer>(stack, "g", Gamer::Socket::none));
  std::atomic<int> joined{0}, full{0};
  std::vector<std::thread> threads;
  for (const auto& gamer : gamers) {
    threads.emplace_back([&, g = gamer.get()] {
      const auto reply = g->join(party);
      if (reply) ++joined;
      if (refusal(reply) == Code::party_full) ++full;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(joined, 1);
  EXPECT_EQ(full, 99);
  EXPECT_EQ(ada.see(party)->members.size(), 2U);
  EXPECT_EQ(ada.see(party)->version, 2);
}

TEST_F(Parties, OfAPlayersManyJoinsAndCreationsExactlyOneSucceeds) {
  std::vector<std::unique_ptr<Gamer>> leaders;
  std::vector<PartyId> parties;
  for (int i = 0; i < 8; ++i) {
    leaders.push_back(std::make_unique<Gamer>(stack, "l", Gamer::Socket::none));
    parties.push_back(party_of({leaders.back().get()}));
  }
  const Gamer eve(stack);
  std::atomic<int> entered{0}, refused{0};
  std::vector<std::thread> threads;
  for (const auto& party : parties) {
    threads.emplace_back([&, party] { ++(eve.join(party) ? entered : refused); });
    threads.emplace_back([&] { ++(eve.create() ? entered : refused); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(entered, 1);
  EXPECT_EQ(refused, 15);
  int places = 0;
  for (std::size_t i = 0; i < parties.size(); ++i)
    places += static_cast<int>(leaders[i]->see(parties[i])->members.size());
  const bool leads = eve.send(GetParty{std::nullopt, eve.id})->leader_id == eve.id;
  EXPECT_EQ(places, leads ? 8 : 9);
}

// I30: under concurrency each acknowledged change counts once, and every reader sees a consistent party.
TEST_F(Parties, UnderContentionEachAcknowledgedChangeCountsOnce) {
  const Gamer ada(stack, "ada", Gamer::Socket::none);
  CreateParty options;
  options.max_size = 4;
  const auto party = party_of({&ada}, false, options);
  std::vector<std::unique_ptr<Gamer>> gamers;
  for (int i = 0; i < 6; ++i) gamers.push_back(std::make_unique<Gamer>(stack, "g", Gamer::Socket::none));
  std::atomic<int> changes{0}, torn{0};
  std::vector<std::thread> threads;
  for (std::size_t seed = 0; seed < gamers.size(); ++seed) {
    threads.emplace_back([&, seed] {
      const Gamer& self = *gamers[seed];
      for (std::size_t step = 0; step < 30; ++step) {
        switch ((seed * 7 + step * 5) % 6) {
          case 0:
          case 1: changes += self.join(party).ok() ? 1 : 0; break;
          case 2: changes += self.leave(party).ok() ? 1 : 0; break;
          case 3: changes += ada.kick(party, *gamers[(seed + step) % gamers.size()]).ok() ? 1 : 0; break;
          default: changes += self.ready(party, std::nullopt).ok() ? 1 : 0;
        }
        const auto seen = self.see(party);
        const bool whole = seen && seen->leader_id == ada.id && !seen->members.empty() && seen->members.size() <= 4;
        torn += whole ? 0 : 1;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(torn, 0);
  EXPECT_GT(changes, 20);
  EXPECT_EQ(ada.see(party)->version, 1 + changes);
  const auto places = ada.see(party)->members.size();
  std::size_t members = 1;
  for (const auto& gamer : gamers) members += gamer->send(GetParty{std::nullopt, gamer->id}).ok() ? 1U : 0U;
  EXPECT_EQ(members, places) << "the party has exactly the players who are its members";
}

TEST_F(Parties, ReadyTogglesAndSetsAndNotifiesTheMembers) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob});
  auto state = bob.ready(party, std::nullopt);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->ready_count, 1);
  EXPECT_EQ(state->total_count, 2);
  EXPECT_FALSE(state->all_ready);
  EXPECT_EQ(state->not_ready, std::vector{ada.id});
  EXPECT_EQ(ada.ready(party)->all_ready, true);
  EXPECT_EQ(bob.ready(party, std::nullopt)->ready_count, 1);
  EXPECT_TRUE(published.wait_for_frame(ada.id, "member_ready", 3));
  EXPECT_TRUE(published.wait_for_frame(bob.id, "member_ready", 3));
}

TEST_F(Parties, EveryChangeRaisesTheVersionByOneAndNothingElseDoes) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto party = party_of({&ada});
  std::int64_t version = 1;
  const auto expect_raised = [&](bool changed, const char* what) {
    EXPECT_EQ(ada.see(party)->version, version + (changed ? 1 : 0)) << what;
    version = ada.see(party)->version;
  };
  (void)bob.join(party);
  expect_raised(true, "join");
  (void)bob.join(party);
  expect_raised(false, "refused join");
  (void)bob.ready(party, true);
  expect_raised(true, "ready");
  (void)bob.ready(party, true);
  expect_raised(false, "ready again");
  (void)ada.invite(party, eve);
  expect_raised(true, "invite");
  (void)ada.promote(party, bob);
  expect_raised(true, "promote");
  (void)ada.chat(party, "hello");
  expect_raised(false, "chat");
  (void)bob.promote(party, ada);
  expect_raised(true, "promote back");
  (void)ada.kick(party, bob);
  expect_raised(true, "kick");
}

TEST_F(Parties, TheMemberWhoJoinedFirstLeadsAfterTheLeader) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto party = party_of({&ada, &bob, &eve}, true);
  ASSERT_TRUE(ada.leave(party));
  const auto after = bob.see(party);
  EXPECT_EQ(after->leader_id, bob.id);
  EXPECT_EQ(after->members.size(), 2U);
  for (const auto& member : after->members) EXPECT_FALSE(member.ready);
  EXPECT_TRUE(published.wait_for_frame(eve.id, "member_left"));
  EXPECT_TRUE(published.wait_for_frame(ada.id, "member_left"));
  EXPECT_EQ(refusal(ada.leave(party)), Code::not_member);
  EXPECT_TRUE(ada.create());
}

TEST_F(Parties, TheLastLeaveDisbandsIt) {
  const Gamer ada(stack);
  const auto party = party_of({&ada});
  ASSERT_TRUE(ada.leave(party));
  EXPECT_EQ(refusal(ada.see(party)), Code::not_found);
  EXPECT_EQ(refusal(ada.send(GetParty{std::nullopt, ada.id})), Code::no_party);
  EXPECT_TRUE(published.wait_for_frame(ada.id, "party_disbanded"));
  EXPECT_TRUE(eventually([&] {
    const auto events = published.events<PartyDisbanded>();
    return std::any_of(events.begin(), events.end(), [&](const auto& event) { return event.party_id == party; });
  }));
  const auto keys =
      stack.queue.command({"EXISTS", "mm:{default}:party:" + party.to_string()}, Deadline::after(Milliseconds{5'000}));
  EXPECT_EQ(keys->integer, 0);
}

TEST_F(Parties, AKickedMemberIsRemovedAndNotified) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto party = party_of({&ada, &bob});
  EXPECT_EQ(refusal(ada.kick(party, ada)), Code::invalid_fields);
  EXPECT_EQ(refusal(ada.kick(party, eve)), Code::not_found);
  const auto after = ada.kick(party, bob);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->members.size(), 1U);
  const auto frame = published.wait_for_frame(bob.id, "member_left");
  ASSERT_TRUE(frame);
  EXPECT_NE(frame->data.find("\"kicked\":true"), std::string::npos);
  EXPECT_EQ(refusal(bob.send(GetParty{std::nullopt, bob.id})), Code::no_party);
}

TEST_F(Parties, AKickedMemberCannotJoinAgainAtOnceUnlessInvited) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob});
  ASSERT_TRUE(ada.kick(party, bob));
  const auto refused = bob.join(party);
  ASSERT_EQ(refusal(refused), Code::kicked);
  EXPECT_GT(refused.error().retry_after_seconds.value_or(0), 200);
  ASSERT_TRUE(ada.invite(party, bob));
  EXPECT_TRUE(bob.join(party));
  ASSERT_TRUE(ada.kick(party, bob));
  stack.clock.advance(lobby::kKickBan);
  EXPECT_TRUE(bob.join(party));
  stack.clock.advance(-lobby::kKickBan);  // back, because the stack is shared
}

TEST_F(Parties, EveryConflictNamesThePlayer) {
  const Gamer ada(stack), bob(stack), eve(stack);
  CreateParty options;
  options.max_size = 2;
  const auto party = party_of({&ada, &bob}, true, options);
  const auto player_of = [](const auto& reply) { return reply ? std::nullopt : reply.error().player_id; };
  EXPECT_EQ(player_of(ada.create()), ada.id);
  EXPECT_EQ(player_of(bob.join(party)), bob.id);
  EXPECT_EQ(player_of(eve.join(party)), eve.id) << "full";
  EXPECT_EQ(player_of(ada.invite(party, bob)), bob.id);
  ASSERT_TRUE(bob.ready(party, false));
  EXPECT_EQ(player_of(ada.queue(party)), bob.id);
  ASSERT_TRUE(bob.ready(party) && ada.queue(party));
  EXPECT_EQ(player_of(ada.queue(party)), ada.id);
  EXPECT_EQ(player_of(eve.join(party)), ada.id) << "queued by";
  EXPECT_EQ(player_of(bob.ready(party, false)), ada.id);
}

TEST_F(Parties, APromotedMemberLeads) {
  const Gamer ada(stack), bob(stack), eve(stack);
  const auto party = party_of({&ada, &bob});
  EXPECT_EQ(refusal(ada.promote(party, eve)), Code::not_found);
  EXPECT_EQ(ada.promote(party, bob)->leader_id, bob.id);
  EXPECT_EQ(refusal(ada.promote(party, ada)), Code::not_leader);
}

TEST_F(Parties, ChatReachesEveryMember) {
  const Gamer ada(stack, "ada"), bob(stack);
  const auto party = party_of({&ada, &bob});
  ASSERT_TRUE(ada.chat(party, "gl <b>hf</b> \xF0\x9F\x98\x80"));
  for (const Gamer* member : {&ada, &bob}) {
    const auto frame = published.wait_for_frame(member->id, "chat_message");
    ASSERT_TRUE(frame);
    EXPECT_NE(frame->data.find("gl <b>hf</b> \xF0\x9F\x98\x80"), std::string::npos);
    EXPECT_NE(frame->data.find(ada.id.to_string()), std::string::npos);
  }
}

TEST_F(Parties, ChatIsOneTo500CharactersWithoutControlCharacters) {
  const Gamer ada(stack);
  const auto party = party_of({&ada});
  std::string smileys;
  for (int i = 0; i < 500; ++i) smileys += "\xF0\x9F\x98\x80";
  EXPECT_TRUE(ada.chat(party, "x"));
  EXPECT_TRUE(ada.chat(party, smileys));
  EXPECT_EQ(refusal(ada.chat(party, smileys + "x")), Code::invalid_fields);
  EXPECT_EQ(refusal(ada.chat(party, "")), Code::invalid_fields);
  EXPECT_EQ(refusal(ada.chat(party, "a\nb")), Code::invalid_fields);
  EXPECT_EQ(refusal(ada.chat(party, "a\x1b[31m")), Code::invalid_fields);
}

TEST_F(Parties, CreationAndChangesArePublished) {
  const Gamer ada(stack), bob(stack);
  const auto party = party_of({&ada, &bob});
  EXPECT_TRUE(eventually([&] {
    const auto created = published.events<PartyCreated>();
    const auto updated = published.events<PartyUpdated>();
    const auto ours = [&](const auto& event) { return event.party.party_id == party; };
    return std::any_of(created.begin(), created.end(), ours) && std::any_of(updated.begin(), updated.end(), ours);
  }));
}

TEST_F(Parties, PlayersWithoutASocketGetNoFrames) {
  // A cache that was just started does not know all connections; mark this one as older (common/bus/notify.lua).
  ASSERT_TRUE(stack.cache.command({"DEL", "mm:{default}:seq:uncertain"}, Deadline::after(Milliseconds{5'000})));
  const Gamer ada(stack), bob(stack, "bob", Gamer::Socket::none);
  const auto party = party_of({&ada, &bob});
  ASSERT_TRUE(bob.chat(party, "anyone?"));
  ASSERT_TRUE(published.wait_for_frame(ada.id, "chat_message"));
  EXPECT_TRUE(published.frames_of(bob.id).empty());
}

}  // namespace
}  // namespace mm::testing
