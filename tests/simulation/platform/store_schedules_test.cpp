// Schedules of requests that broke an earlier protocol, on the stores of matchmaker and lobby. H3 to H5, H11 to H13 and
// H22; the others are in platform_schedules_test.cpp.
#include "services/lobby/store.h"
#include "tests/simulation/platform/stage.h"

namespace mm::simulation {
namespace {

using matchmaker::CommitResult;
using matchmaker::EndResult;
using matchmaker::EnqueueResult;
using matchmaker::OutcomeKind;

class StoreSchedules : public Stage {
 protected:
  matchmaker::NewTicket ticket_of(PlayerId player) {
    matchmaker::NewTicket ticket;
    ticket.id = TicketId::fresh(simulator_.true_time());
    ticket.tenant = default_tenant();
    ticket.content = "content";
    ticket.players.push_back({player, 1'500, 100});
    ticket.mode = duel();
    ticket.region = default_region();
    ticket.buckets = {kBucket};
    ticket.max_wait = Milliseconds{20'000};
    ledger_.invoked.insert(ticket.id.to_string());
    return ticket;
  }
  EnqueueResult::Kind enqueue(matchmaker::NewTicket ticket) {
    ticket.admitted_at = simulator_.true_time();
    const auto results = requests_.enqueue({ticket}, soon());
    EXPECT_TRUE(results.ok());
    return results->front().kind;
  }
  std::string take_lease() {
    const auto read = generations_.begin_verification(GenerationId::fresh(simulator_.true_time()), soon());
    EXPECT_TRUE(read.ok() && *generations_.adopt(*read, {read->next_id, 1, 0}, soon()));
    owner_.use({read->run, 1});
    const auto taken = owner_.acquire_leases({{name_, "", "", "owner-1"}}, soon());
    EXPECT_TRUE(taken.ok() && taken->front().acquired);
    return taken->front().token;
  }
  matchmaker::CommitRequest commit_of(const std::string& token, const std::vector<matchmaker::NewTicket>& tickets) {
    matchmaker::CommitRequest request;
    request.name = name_;
    request.token = token;
    request.bucket = kBucket;
    request.found.match_id = MatchId::fresh(simulator_.true_time());
    request.found.tenant = default_tenant();
    request.found.mode = duel();
    request.found.region = default_region();
    for (const auto& ticket : tickets) {
      request.seats.push_back({ticket.id, 1, 0, 0, 0, 1});
      request.found.teams.push_back({1'500, {{ticket.players.front().player_id, ticket.id, ticket.party, 1'500, 0}}});
    }
    return request;
  }
  CommitResult::Kind commit(const matchmaker::CommitRequest& request) {
    const auto decided = owner_.decide({request}, {}, soon());
    EXPECT_TRUE(decided.ok());
    return decided->commits.front().kind;
  }
  /// The outcome of the match, as session's row decided it.
  void apply(const matchmaker::CommitRequest& of, OutcomeKind kind, CancelReason reason = CancelReason::no_server) {
    matchmaker::MatchOutcome outcome{default_tenant(), of.found.match_id, kind, reason, {}};
    if (kind == OutcomeKind::cancelled) {
      for (const auto& seat : of.seats) outcome.requeue.push_back(seat.ticket);
    }
    EXPECT_TRUE(requests_.outcome(outcome, soon()).ok());
  }
  /// Writes session's row of the match as cancelled, with all of its tickets to be queued again.
  void decide_cancelled(const matchmaker::CommitRequest& request) {
    auto& tables = servers_.database.session;
    (void)tables.insert_found(
        {{request.found, std::nullopt}}, [](auto&, auto&, auto&) { return std::nullopt; }, simulator_.true_time());
    const auto row = *tables.find(request.found.match_id);
    const session::MatchEnd end{session::cancelled_event(row, CancelReason::no_server), {}};
    (void)tables.end_overdue(session::Store::Overdue::unserved, Milliseconds{0}, row, end, simulator_.true_time());
  }
  MatchFound challenge() {
    MatchFound found;
    found.created_at = simulator_.true_time();
    found.match_id = MatchId::fresh(found.created_at);
    found.tenant = default_tenant();
    found.mode = duel();
    found.region = default_region();
    found.source = MatchSource::challenge;
    for (int i = 0; i < 2; ++i) found.teams.push_back({1'500, {{new_player(), std::nullopt, std::nullopt, 1'500, 0}}});
    return found;
  }
  matchmaker::MakeResult::Kind make(const MatchFound& match) {
    const auto made = requests_.make_match(match, servers_.queue.server.keyspace().run_id(), soon());
    EXPECT_TRUE(made.ok());
    return made->kind;
  }
  EndResult::Kind cancel(TicketId ticket) {
    const auto ended = requests_.cancel(default_tenant(), {ticket, {}, CloseReason::cancelled, {}}, soon());
    EXPECT_TRUE(ended.ok());
    return ended->kind;
  }

  static constexpr const char* kBucket = "default:duel:eu-west:1";
  const matchmaker::PartitionName name_{default_tenant(), matchmaker::partition_of(kBucket)};
  storage::Redis redis_{{.url = "queue", .password = {}}};
  matchmaker::RequestStore requests_{redis_, {}};
  matchmaker::GenerationStore generations_{redis_};
  matchmaker::OwnerStore owner_{redis_};
};

TEST_F(StoreSchedules, H3ARepeatedOutcomeReleasesNoNewerClaim) {
  play([&] {
    const auto token = take_lease();
    const auto first = ticket_of(new_player());
    const auto second = ticket_of(new_player());
    enqueue(first);
    enqueue(second);
    const auto match = commit_of(token, {first, second});
    ASSERT_EQ(commit(match), CommitResult::Kind::ok);
    apply(match, OutcomeKind::completed);
    const auto player = first.players.front().player_id;
    const auto next = ticket_of(player);
    ASSERT_EQ(enqueue(next), EnqueueResult::Kind::queued);
    apply(match, OutcomeKind::completed);
    EXPECT_EQ(claim_of(player), "t:" + next.id.to_string());
    EXPECT_EQ(enqueue(ticket_of(player)), EnqueueResult::Kind::claimed);
  });
}

TEST_F(StoreSchedules, H4ALateCopyOfAnEnqueueDoesNotQueueAnEndedTicket) {
  play([&] {
    const auto token = take_lease();
    const auto ticket = ticket_of(new_player());
    ASSERT_EQ(enqueue(ticket), EnqueueResult::Kind::queued);
    ASSERT_EQ(cancel(ticket.id), EndResult::Kind::ended);
    EXPECT_EQ(enqueue(ticket), EnqueueResult::Kind::same);
    EXPECT_EQ(state_of(ticket.id), "cancelled");
    // The ids of this process never go back, so this ticket's may be of the time of an earlier test.
    wait(matchmaker::kEndedRetention + Milliseconds{300'000});
    ASSERT_EQ(*owner_.sweep(name_, token, simulator_.true_time(), soon()), 1);
    EXPECT_EQ(enqueue(ticket), EnqueueResult::Kind::expired);
    EXPECT_EQ(claim_of(ticket.players.front().player_id), "");
  });
}

TEST_F(StoreSchedules, H5ALateCopyOfACommitDoesNotCommitTheMatchAgain) {
  play([&] {
    const auto token = take_lease();
    const auto first = ticket_of(new_player());
    const auto second = ticket_of(new_player());
    enqueue(first);
    enqueue(second);
    const auto match = commit_of(token, {first, second});
    // The first copy is stuck in a connection that the owner has given up.
    servers_.queue.intercept = [](auto&, auto&) { return std::pair(Passage::late, Milliseconds{5'000}); };
    ASSERT_FALSE(owner_.decide({match}, {}, soon()).ok());
    servers_.queue.intercept = nullptr;
    ASSERT_EQ(commit(match), CommitResult::Kind::ok);
    decide_cancelled(match);
    apply(match, OutcomeKind::cancelled);
    ASSERT_EQ(state_of(first.id), "queued");
    wait(Milliseconds{6'000});
    EXPECT_EQ(state_of(first.id), "queued");
    EXPECT_FALSE(queue_checks_.matches().at(match.found.match_id.to_string()).live);
  });
}

TEST_F(StoreSchedules, H11AnEnqueueOfAPartyThatAMemberLeftIsRefused) {
  play([&] {
    lobby::PartyStore parties(redis_);
    const auto leader = new_player();
    const auto member = new_player();
    const auto now = simulator_.true_time();
    auto party = lobby::create_party(PartyId::fresh(now), {leader, false}, CreateParty{}, now);
    ASSERT_TRUE(parties.create(default_tenant(), party, soon()));
    const auto id = party.party.party_id;
    auto before = *parties.find(default_tenant(), id, std::nullopt, soon())->party;
    const auto joined = lobby::join(before.state, {member, "member", false, false}, now);
    ASSERT_TRUE(joined.ok());
    ASSERT_TRUE(parties.change(default_tenant(), before, *joined, member, soon()));
    before = *parties.find(default_tenant(), id, std::nullopt, soon())->party;

    auto ticket = ticket_of(leader);
    ticket.players.push_back({member, 1'500, 100});
    ticket.party = id;
    ticket.party_version = before.state.party.version;
    const auto after = lobby::leave(before.state, member);
    ASSERT_TRUE(after.ok());
    ASSERT_TRUE(parties.depart(default_tenant(), before, *after, {member, CloseReason::member_left}, soon()));
    EXPECT_EQ(enqueue(ticket), EnqueueResult::Kind::party_changed);

    // A member who leaves after the enqueue ends the ticket in the same step.
    auto again = ticket_of(leader);
    again.party = id;
    const auto present = *parties.find(default_tenant(), id, std::nullopt, soon())->party;
    again.party_version = present.state.party.version;
    ASSERT_EQ(enqueue(again), EnqueueResult::Kind::queued);
    const auto queued = *parties.find(default_tenant(), id, std::nullopt, soon())->party;
    const auto gone = lobby::leave(queued.state, leader);
    ASSERT_TRUE(gone.ok());
    ASSERT_TRUE(parties.depart(default_tenant(), queued, *gone, {leader, CloseReason::party_disbanded}, soon()));
    EXPECT_EQ(state_of(again.id), "cancelled");
  });
}

TEST_F(StoreSchedules, H12ATicketThatWasCancelledTooLateIsNotQueuedAgain) {
  play([&] {
    const auto token = take_lease();
    const auto first = ticket_of(new_player());
    const auto second = ticket_of(new_player());
    enqueue(first);
    enqueue(second);
    const auto match = commit_of(token, {first, second});
    ASSERT_EQ(commit(match), CommitResult::Kind::ok);
    ASSERT_EQ(cancel(first.id), EndResult::Kind::matched);
    decide_cancelled(match);
    apply(match, OutcomeKind::cancelled);
    EXPECT_EQ(state_of(first.id), "cancelled");
    EXPECT_EQ(state_of(second.id), "queued");
    EXPECT_EQ(claim_of(first.players.front().player_id), "");
  });
}

TEST_F(StoreSchedules, H13TheTimeInAMatchDoesNotCountForTheDeadline) {
  play([&] {
    const auto token = take_lease();
    const auto first = ticket_of(new_player());
    const auto second = ticket_of(new_player());
    enqueue(first);
    enqueue(second);
    wait(Milliseconds{18'000});
    const auto match = commit_of(token, {first, second});
    ASSERT_EQ(commit(match), CommitResult::Kind::ok);
    wait(Milliseconds{60'000});
    decide_cancelled(match);
    apply(match, OutcomeKind::cancelled);
    ASSERT_EQ(state_of(first.id), "queued");
    const auto expire = [&] { return owner_.decide({}, {{name_, token, first.id}}, soon())->expired.front(); };
    EXPECT_EQ(expire(), matchmaker::ExpireResult::early);
    wait(Milliseconds{2'100});
    EXPECT_EQ(expire(), matchmaker::ExpireResult::ended);
  });
}

TEST_F(StoreSchedules, H22AKnownTicketIdWithOtherContentIsAConflict) {
  play([&] {
    auto ticket = ticket_of(new_player());
    ASSERT_EQ(enqueue(ticket), EnqueueResult::Kind::queued);
    ticket.content = "other";
    EXPECT_EQ(enqueue(ticket), EnqueueResult::Kind::conflict);
  });
}

// The partitions of these tickets have no owner who would notice the jump.
TEST_F(StoreSchedules, AJumpOfTheClockExpiresNoNewRequest) {
  play([&] {
    (void)take_lease();
    servers_.queue.clock_offset += Milliseconds{3'600'000};
    EXPECT_EQ(enqueue(ticket_of(new_player())), EnqueueResult::Kind::queued);
    EXPECT_EQ(make(challenge()), matchmaker::MakeResult::Kind::made);
  });
}

TEST_F(StoreSchedules, AJumpOfTheClockDeletesNoRecentTicket) {
  play([&] {
    const auto token = take_lease();
    const auto ticket = ticket_of(new_player());
    enqueue(ticket);
    ASSERT_EQ(cancel(ticket.id), EndResult::Kind::ended);
    servers_.queue.clock_offset += Milliseconds{3'600'000};
    EXPECT_EQ(*owner_.sweep(name_, token, simulator_.true_time(), soon()), 0);
    EXPECT_EQ(enqueue(ticket), EnqueueResult::Kind::same);
  });
}

TEST_F(StoreSchedules, AMatchThatHasEndedIsNotMadeAgain) {
  play([&] {
    (void)take_lease();
    const auto match = challenge();
    ASSERT_EQ(make(match), matchmaker::MakeResult::Kind::made);
    EXPECT_EQ(make(match), matchmaker::MakeResult::Kind::same);
    matchmaker::MatchOutcome over{default_tenant(), match.match_id, OutcomeKind::completed, {}, {}};
    EXPECT_TRUE(requests_.outcome(over, soon()).ok());
    EXPECT_EQ(make(match), matchmaker::MakeResult::Kind::over);
  });
}

// The page of open matches was read before the end, and the end was applied while the queue did not have the match.
TEST_F(StoreSchedules, AMatchThatIsRestoredAfterItsEndIsNotLive) {
  play([&] {
    (void)take_lease();
    const auto match = challenge();
    matchmaker::MatchOutcome over{default_tenant(), match.match_id, OutcomeKind::completed, {}, {}};
    EXPECT_TRUE(requests_.outcome(over, soon()).ok());
    EXPECT_EQ(*generations_.restore({match}, soon()), 0);
    EXPECT_EQ(claim_of(match.teams[0].players[0].player_id), "");
    const auto open = challenge();
    EXPECT_EQ(*generations_.restore({open}, soon()), 1);
    EXPECT_EQ(claim_of(open.teams[0].players[0].player_id), "m:" + open.match_id.to_string());
  });
}

TEST_F(StoreSchedules, ALateCopyOfAPollDoesNotMoveTheClock) {
  play([&] {
    matchmaker::PollRequest poll;
    poll.name = name_;
    poll.token = take_lease();
    const auto first = owner_.poll({poll}, soon())->front();
    poll.correction = Milliseconds{60'000};
    poll.beat = first.own_beat;
    const auto corrected = owner_.poll({poll}, soon())->front();
    EXPECT_NEAR(static_cast<double>(corrected.now - first.now), 60'000, 100);
    const auto copy = owner_.poll({poll}, soon())->front();
    EXPECT_NEAR(static_cast<double>(copy.now - first.now), 60'000, 200);
  });
}

}  // namespace
}  // namespace mm::simulation
