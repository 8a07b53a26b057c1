// The fixture of the directed tests: the simulated servers, and daemons that a test starts, stops and observes. The
// invariants of the queue and of session are checked all the time.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "services/matchmaker/queue/owner_store.h"
#include "services/matchmaker/queue/request_store.h"
#include "tests/simulation/platform/daemons.h"
#include "tests/simulation/platform/queue_checks.h"
#include "tests/simulation/platform/session_checks.h"

namespace mm::simulation {

class Stage : public ::testing::Test {
 protected:
  static constexpr Milliseconds kTimeout{1'000};
  static inline const std::string kPrefix = "mm:{default}:";

  Stage() {
    servers_.queue.ran = [this](const storage::RedisCommand& command, const storage::RedisReply& reply) {
      queue_checks_.after(command, reply);
    };
    servers_.database.committed = [this] { return session_checks_.after_transaction(); };
    games_.heal();
  }

  /// Runs a test in the simulation.
  void play(const std::function<void()>& scene) {
    simulator_.run([&] {
      bus_ = *bus::Bus::connect({}, metrics_, soon());
      scene();
    });
  }

  static Deadline soon() { return Deadline::after(kTimeout); }
  static Mode duel() { return *Mode::parse("duel"); }
  PlayerId new_player() { return PlayerId::fresh(simulator_.true_time()); }
  void wait(Milliseconds time) { simulator_.sleep(time); }
  bool eventually(Milliseconds limit, const std::function<bool()>& holds) {
    const auto until = simulator_.elapsed() + limit;
    while (!holds()) {
      if (simulator_.elapsed() >= until) return false;
      wait(Milliseconds{20});
    }
    return true;
  }

  /// An enqueue of one player in a duel.
  Enqueue enqueue_of(PlayerId player) {
    Enqueue request;
    request.ticket_id = TicketId::fresh(simulator_.true_time());
    request.mode = duel();
    request.region = default_region();
    request.players.push_back({player, 1'500, 100});
    ledger_.invoked.insert(request.ticket_id->to_string());
    return request;
  }
  /// Sends an enqueue to a matchmaker. Returns the ticket.
  TicketId queue(PlayerId player) {
    const auto request = enqueue_of(player);
    EXPECT_TRUE(eventually(Milliseconds{5'000}, [&] { return bus_->request(request, Caller{}, soon()).ok(); }));
    return *request.ticket_id;
  }

  std::string state_of(TicketId ticket) {
    const auto found = queue_checks_.tickets().find(ticket.to_string());
    return found == queue_checks_.tickets().end() ? "" : found->second.state;
  }
  std::string match_of(TicketId ticket) { return queue_checks_.tickets().at(ticket.to_string()).match; }
  std::optional<MatchStatus> status_of(const std::string& match) {
    const auto id = MatchId::parse(match);
    const auto row = id ? servers_.database.session.find(*id) : std::nullopt;
    return row ? std::optional(row->status) : std::nullopt;
  }
  std::string claim_of(PlayerId player) {
    const auto* claims = servers_.queue.server.keyspace().find<Hash>(kPrefix + "claim");
    const auto found = claims != nullptr ? claims->find(player.to_string()) : Hash::const_iterator{};
    return claims == nullptr || found == claims->end() ? "" : found->second;
  }
  void start(DaemonKind kind, int instance = 0) { daemons_.start(kind, instance); }
  void start_all() {
    for (const auto kind :
         {DaemonKind::orchestrator, DaemonKind::session, DaemonKind::profile, DaemonKind::matchmaker}) {
      start(kind);
    }
  }

  Simulator simulator_{1};
  Servers servers_{simulator_};
  Ledger ledger_;
  QueueChecks queue_checks_{servers_, ledger_};
  SessionChecks session_checks_{servers_};
  GameServers games_{servers_, ledger_, 100};
  Daemons daemons_{servers_, games_};
  metrics::Registry metrics_;
  std::unique_ptr<bus::Bus> bus_;
};

}  // namespace mm::simulation
