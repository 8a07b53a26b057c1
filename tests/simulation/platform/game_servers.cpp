#include "tests/simulation/platform/game_servers.h"

#include <algorithm>

namespace mm::simulation {
namespace {

constexpr Milliseconds kRequestTimeout{1'000};

Caller server_of(MatchId match) {
  Caller caller;
  caller.role = Role::server;
  caller.match = match;
  return caller;
}

}  // namespace

GameServers::GameServers(Servers& servers, Ledger& ledger, int slots)
    : servers_(servers), ledger_(ledger), slots_(slots), process_(servers.simulator.add_process("games")) {}

void GameServers::serve(Process& process) {
  auto& simulator = servers_.simulator;
  simulator.start(process, [this] {
    // They live as long as the process, so nobody destroys them.
    auto connected = bus::Bus::connect({}, metrics_, Deadline::after(kRequestTimeout));
    auto* bus = connected->release();
    auto* server = new bus::Server(*bus, {.name = "orchestrator"}, metrics_);
    server->serve<AllocateServer>(
        [this](const AllocateServer& request, const bus::Context&) { return allocate(request); });
    server->serve<ReleaseServer>(
        [this](const ReleaseServer& request, const bus::Context&) { return release(request.match_id); });
    server->start();
  });
}

Reply<Allocation> GameServers::allocate(const AllocateServer& request) {
  const auto id = request.match_id;
  const auto known = rows_.find(id);
  if (known == rows_.end()) {
    const auto used = std::count_if(rows_.begin(), rows_.end(), [](const auto& row) { return !row.second.released; });
    if (!healed_ && used >= slots_) return refuse(Code::no_capacity);
  } else if (known->second.released) {
    return refuse(Code::match_over);
  }
  servers_.simulator.sleep(servers_.delay());
  auto& row = rows_.try_emplace(id, Row{ServerId::fresh(servers_.simulator.true_time()), false}).first->second;
  if (row.released) return refuse(Code::match_over);
  if (hosted_.insert(id).second) servers_.simulator.start(process_, [this, id] { play(id); });
  return Allocation{id, row.server, "127.0.0.1:1", "ws://127.0.0.1:1/match/" + id.to_string()};
}

Reply<Released> GameServers::release(MatchId match) {
  servers_.simulator.sleep(servers_.delay());
  const auto row = servers_.database.session.find(match);
  if (!row || !is_over(row->status)) servers_.simulator.fail("I12: a live match lost its server: " + match.to_string());
  rows_[match].released = true;
  return Released{match};
}

void GameServers::play(MatchId match) {
  auto& simulator = servers_.simulator;
  auto& random = simulator.random();
  if (!bus_) bus_ = *bus::Bus::connect({}, metrics_, Deadline::after(kRequestTimeout));
  const auto ends_at = simulator.elapsed() + Milliseconds(random.between(200, 6'000));
  if (!healed_ && random.chance(0.1)) return;  // the server died
  do {
    const Heartbeat beat{match, 2, random.chance(0.3) ? ServerPhase::starting : ServerPhase::running};
    (void)bus_->request(beat, server_of(match), Deadline::after(kRequestTimeout));
    simulator.sleep(Milliseconds(random.between(500, 4'000)));
  } while (simulator.elapsed() < ends_at);
  if (!healed_ && random.chance(0.05)) {
    (void)bus_->request(Heartbeat{match, 0, ServerPhase::aborted}, server_of(match), Deadline::after(kRequestTimeout));
    return;
  }
  ReportResult result;
  result.match_id = match;
  result.outcome = !healed_ && random.chance(0.05) ? ResultOutcome::voided : ResultOutcome::played;
  if (random.chance(0.8)) result.winning_team = static_cast<int>(random.below(2));
  result.duration_seconds = 60;
  report(match, result);
  if (random.chance(0.2)) report(match, result);
  if (random.chance(0.1)) {
    result.duration_seconds = 61;  // another result: it must change nothing
    report(match, result);
  }
}

// Repeats the report until it is accepted or refused for good.
void GameServers::report(MatchId match, const ReportResult& result) {
  constexpr int kMostAttempts = 60;
  auto& simulator = servers_.simulator;
  for (int i = 0; i < kMostAttempts; ++i) {
    const auto answer = bus_->request(result, server_of(match), Deadline::after(kRequestTimeout));
    if (answer) {
      const std::string status(text_of(answer->status));
      const auto [known, fresh] = ledger_.reported.try_emplace(match.to_string(), status);
      const auto [accepted, first] = results_.try_emplace(match, result.duration_seconds);
      if (!first && accepted->second != result.duration_seconds)
        simulator.fail("I16: another result was accepted: " + match.to_string());
      if (!fresh && known->second != status) simulator.fail("I16: two results were accepted: " + match.to_string());
      return;
    }
    const auto code = answer.error().code;
    const bool again = code == Code::unavailable || code == Code::deadline_exceeded || code == Code::not_ready_yet;
    if (!again) return;
    simulator.sleep(Milliseconds(simulator.random().between(100, 1'500)));
  }
}

}  // namespace mm::simulation
