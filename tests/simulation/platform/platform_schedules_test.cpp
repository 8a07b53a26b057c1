// Schedules of failures that broke an earlier protocol, on the daemons: H1, H2, H7, H8, H10, H14 to H16 and H18 to
// H21. H3 to H5, H11 to H13 and H22 are in store_schedules_test.cpp. Not here:
//   H6   the owner reads and commits on one connection, one after the other; bucket_state.h handles the refusal
//   H9   a property of nats-server: tests/integration/bus
//   H17  the orchestrator's process is not simulated: tests/integration/orchestrator
#include "tests/simulation/platform/stage.h"

namespace mm::simulation {
namespace {

class PlatformSchedules : public Stage {
 protected:
  /// Calls `action` once, when a matchmaker reads a queue with a script named `script` for the first time.
  void at_first(const std::string& script, std::function<void()> action) {
    servers_.queue.intercept = [this, script, action](const Process&,
                                                      const std::vector<storage::RedisCommand>& commands) {
      for (const auto& command : commands) {
        if (done_ || command.script == nullptr || command.script->name() != script) continue;
        done_ = true;
        action();
      }
      return std::pair(Passage::passes, Milliseconds{0});
    };
  }
  /// A match that is being played, or has ended, with its tickets.
  std::string new_match() {
    const auto first = queue(new_player());
    queue(new_player());
    EXPECT_TRUE(eventually(Milliseconds{5'000}, [&] { return state_of(first) == "matched"; }));
    return match_of(first);
  }
  bool has_event(const std::string& id) {
    const auto& events = servers_.events.stream("MATCH");
    return std::any_of(events.begin(), events.end(), [&](const auto& event) { return event.message_id == id; });
  }

  /// The match of this player and one who waits already, which stays open until it is cancelled after five seconds.
  std::string new_match_without_server(PlayerId player) {
    daemons_.kill(DaemonKind::orchestrator, 0);
    const auto ticket = queue(player);
    EXPECT_TRUE(eventually(Milliseconds{3'000}, [&] { return status_of(match_of(ticket)).has_value(); }));
    return match_of(ticket);
  }
  void lose_queue(const std::map<std::string, Value>& copy) {
    servers_.restart(servers_.queue, Milliseconds{300});
    servers_.queue.server.load(copy);
    queue_checks_.went_back();
  }

  bool done_ = false;
};

TEST_F(PlatformSchedules, H1ATicketThatEntersWhileANewOwnerReadsIsFound) {
  play([&] {
    start_all();
    queue(new_player());
    ASSERT_TRUE(
        eventually(Milliseconds{3'000}, [&] { return daemons_.process(DaemonKind::matchmaker, 0) != nullptr; }));
    daemons_.kill(DaemonKind::matchmaker, 0);
    std::optional<TicketId> late;
    at_first("take_lease", [&] {
      simulator_.at(Milliseconds{0}, [&] {
        simulator_.start(*daemons_.process(DaemonKind::matchmaker, 1), [&] { late = queue(new_player()); });
      });
    });
    start(DaemonKind::matchmaker, 1);
    ASSERT_TRUE(eventually(Milliseconds{10'000}, [&] { return late && state_of(*late) == "matched"; }));
  });
}

TEST_F(PlatformSchedules, H2AnOwnerThatWakesUpTakesNothingFromItsSuccessor) {
  play([&] {
    start_all();
    start(DaemonKind::matchmaker, 1);
    new_match();
    for (int instance = 0; instance < 2; ++instance) {
      auto* const zombie = daemons_.process(DaemonKind::matchmaker, instance);
      simulator_.pause(*zombie);
      const auto ticket = queue(new_player());
      wait(Milliseconds{2'500});
      simulator_.resume(*zombie);
      queue(new_player());
      EXPECT_TRUE(eventually(Milliseconds{5'000}, [&] { return state_of(ticket) == "matched"; }));
    }
  });
}

TEST_F(PlatformSchedules, H7AMatchWhoseEventsAreLostIsConfirmedByRequest) {
  play([&] {
    start_all();
    servers_.faults.event_late = 1;  // nobody receives an event in time
    const auto match = new_match();
    const auto confirmed = [&] {
      return servers_.queue.server.keyspace().find<SortedSet>(kPrefix + "unconfirmed") == nullptr;
    };
    servers_.events.stop(1);
    servers_.events.start();
    EXPECT_TRUE(eventually(Milliseconds{6'000}, confirmed));
    EXPECT_TRUE(eventually(Milliseconds{30'000}, [&] { return status_of(match) == MatchStatus::completed; }));
  });
}

TEST_F(PlatformSchedules, H8PlayersAreFreedWithoutTheEventOfTheEnd) {
  play([&] {
    start_all();
    const auto player = new_player();
    const auto ticket = queue(player);
    queue(new_player());
    ASSERT_TRUE(eventually(Milliseconds{5'000}, [&] { return state_of(ticket) == "matched"; }));
    const auto match = match_of(ticket);
    servers_.faults.event_lost = 1;
    ASSERT_TRUE(eventually(Milliseconds{30'000}, [&] { return status_of(match) == MatchStatus::completed; }));
    EXPECT_TRUE(eventually(Milliseconds{40'000}, [&] { return claim_of(player).empty(); }));
  });
}

TEST_F(PlatformSchedules, H10EventsLostBeforeOthersWereStoredAreSentAgain) {
  play([&] {
    start_all();
    const auto match = new_match();
    const auto id = match + ".completed";
    ASSERT_TRUE(eventually(Milliseconds{30'000}, [&] { return has_event(id); }));
    servers_.events.stop(1);
    servers_.events.start();
    // Others go past the old end of the stream before the relay looks.
    for (int i = 0; i < 20; ++i) {
      servers_.events.store("match.other", "{}", "other-" + std::to_string(i), simulator_.true_time());
    }
    EXPECT_TRUE(eventually(Milliseconds{10'000}, [&] { return has_event(id) && has_event(match + ".rated"); }));
  });
}

TEST_F(PlatformSchedules, H14ATicketKeepsItsAgeWhenItsOwnerChanges) {
  play([&] {
    start_all();
    const auto ticket = queue(new_player());
    const auto queued_at = simulator_.elapsed();
    wait(Milliseconds{15'000});
    daemons_.kill(DaemonKind::matchmaker, 0);
    servers_.queue.clock_offset += Milliseconds{200};
    start(DaemonKind::matchmaker, 1);
    ASSERT_TRUE(eventually(Milliseconds{10'000}, [&] { return state_of(ticket) == "timed_out"; }));
    EXPECT_LT(simulator_.elapsed() - queued_at, Milliseconds{22'000});
  });
}

TEST_F(PlatformSchedules, H15ACopyOfMatchFoundAfterTheEndStartsNoMatch) {
  play([&] {
    start_all();
    const auto match = new_match();
    ASSERT_TRUE(eventually(Milliseconds{30'000}, [&] { return status_of(match) == MatchStatus::completed; }));
    const auto& events = servers_.events.stream("MATCH");
    const auto found =
        std::find_if(events.begin(), events.end(), [&](const auto& e) { return e.message_id == match + ".0"; });
    ASSERT_NE(found, events.end());
    const auto body = found->body;
    servers_.events.store("match.found", body, match + ".late", simulator_.true_time());
    wait(Milliseconds{3'000});
    EXPECT_EQ(status_of(match), MatchStatus::completed);
    EXPECT_TRUE(servers_.database.session.live_players().empty());
  });
}

TEST_F(PlatformSchedules, H16ARefusedMatchStaysCancelledWhenTheConflictIsOver) {
  play([&] {
    start_all();
    const auto match = new_match();
    MatchFound other;
    ASSERT_TRUE(eventually(Milliseconds{3'000}, [&] {
      const auto status = status_of(match);
      return status == MatchStatus::ready || status == MatchStatus::running;
    }));
    const auto row = *servers_.database.session.find(*MatchId::parse(match));
    other.match_id = MatchId::fresh(simulator_.true_time());
    other.tenant = default_tenant();
    other.mode = duel();
    other.region = default_region();
    other.created_at = simulator_.true_time();
    other.teams = row.teams;
    const auto id = other.match_id.to_string();
    servers_.events.store("match.found", wire::encode(other), id + ".0", simulator_.true_time());
    ASSERT_TRUE(eventually(Milliseconds{3'000}, [&] { return status_of(id) == MatchStatus::cancelled; }));
    ASSERT_TRUE(eventually(Milliseconds{30'000}, [&] { return status_of(match) == MatchStatus::completed; }));
    servers_.events.store("match.found", wire::encode(other), id + ".1", simulator_.true_time());
    wait(Milliseconds{3'000});
    EXPECT_EQ(status_of(id), MatchStatus::cancelled);
  });
}

TEST_F(PlatformSchedules, H18WhileSessionCannotStoreMatchesTicketsStayQueuedAndCanBeCancelled) {
  play([&] {
    start_all();
    new_match();
    servers_.database.up = false;
    new_match();
    wait(Milliseconds{12'000});
    const auto player = new_player();
    const auto ticket = queue(player);
    queue(new_player());
    wait(Milliseconds{3'000});
    EXPECT_EQ(state_of(ticket), "queued");
    CancelTicket cancel;
    cancel.ticket_id = ticket;
    EXPECT_TRUE(bus_->request(cancel, Caller{}, soon()).ok());
    servers_.database.up = true;
    new_match();
  });
}

TEST_F(PlatformSchedules, H19AMatchWithoutABucketReachesSession) {
  play([&] {
    start_all();
    servers_.faults.event_lost = 1;  // the instance that made the match cannot publish it
    MakeMatch request;
    request.match_id = MatchId::fresh(simulator_.true_time());
    request.mode = duel();
    request.region = default_region();
    request.teams = {{{new_player(), 1'500, 100}}, {{new_player(), 1'500, 100}}};
    ASSERT_TRUE(eventually(Milliseconds{3'000}, [&] { return bus_->request(request, Caller{}, soon()).ok(); }));
    EXPECT_TRUE(eventually(Milliseconds{6'000}, [&] { return status_of(request.match_id->to_string()).has_value(); }));
  });
}

// The match that the older queue does not have keeps its players, and matches go on with greater epochs.
TEST_F(PlatformSchedules, H20AnOlderQueueGetsTheMatchesThatItHasLost) {
  play([&] {
    start_all();
    const auto before = new_match();
    const auto waiting = queue(new_player());
    ASSERT_TRUE(eventually(Milliseconds{30'000}, [&] { return status_of(before) == MatchStatus::completed; }));
    const auto copy = servers_.queue.server.keyspace().values();
    const auto player = new_player();
    const auto match = new_match_without_server(player);
    lose_queue(copy);
    ASSERT_EQ(state_of(waiting), "queued");
    ASSERT_EQ(claim_of(player), "");
    EXPECT_TRUE(eventually(Milliseconds{4'000}, [&] { return claim_of(player) == "m:" + match; }));
    EXPECT_EQ(match_of(waiting), match);
    new_match();
  });
}

TEST_F(PlatformSchedules, AnEmptyQueueGetsTheMatchesThatItHasLost) {
  play([&] {
    start_all();
    const auto player = new_player();
    queue(new_player());
    const auto match = new_match_without_server(player);
    lose_queue({});
    EXPECT_TRUE(eventually(Milliseconds{4'000}, [&] { return claim_of(player) == "m:" + match; }));
    new_match();
  });
}

// The bucket is known when the players ask again, so nobody is told that it is new.
TEST_F(PlatformSchedules, AnEmptyQueueGetsTheTenantOfATicketWhoseAnswerWasLost) {
  play([&] {
    start_all();
    new_match();
    servers_.queue.intercept = [&](const Process&, const std::vector<storage::RedisCommand>& commands) {
      const auto* script = commands.front().script;
      const bool loses = !done_ && script != nullptr && script->name() == "enqueue";
      done_ = done_ || loses;
      return std::pair(loses ? Passage::reply_lost : Passage::passes, Milliseconds{0});
    };
    lose_queue({});
    new_match();
    EXPECT_TRUE(done_);
  });
}

TEST_F(PlatformSchedules, H21ANewBucketIsFoundByAnyInstance) {
  play([&] {
    start_all();
    start(DaemonKind::matchmaker, 1);
    wait(Milliseconds{2'000});
    const auto ticket = queue(new_player());
    queue(new_player());
    EXPECT_TRUE(eventually(Milliseconds{3'000}, [&] { return state_of(ticket) == "matched"; }));
  });
}

// The owner of the maintenance partition relays and reconciles, also if its first poll after the lease failed.
TEST_F(PlatformSchedules, AnOwnerWhoseFirstPollFailsLooksAfterItsTenant) {
  play([&] {
    bool taken = false;
    int polls_lost = 0;
    servers_.queue.intercept = [&](const Process&, const std::vector<storage::RedisCommand>& commands) {
      const auto* script = commands.front().script;
      const std::string name(script != nullptr ? script->name() : "");
      const bool loses = taken && name == "poll" && polls_lost < 3;
      taken = taken || name == "take_lease";
      if (loses) ++polls_lost;
      return std::pair(loses ? Passage::reply_lost : Passage::passes, Milliseconds{0});
    };
    start_all();
    const auto ticket = queue(new_player());
    ASSERT_TRUE(eventually(Milliseconds{5'000}, [&] { return polls_lost == 3; }));
    CancelTicket cancel;
    cancel.ticket_id = ticket;
    ASSERT_TRUE(bus_->request(cancel, Caller{}, soon()).ok());
    EXPECT_TRUE(eventually(Milliseconds{5'000}, [&] { return servers_.events.stream("TICKET").size() == 1; }));
  });
}

}  // namespace
}  // namespace mm::simulation
