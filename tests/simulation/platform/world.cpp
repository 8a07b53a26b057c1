#include "tests/simulation/platform/world.h"

#include <algorithm>

#include "tests/simulation/platform/violation.h"
#include "tests/simulation/servers/boundary.h"

namespace mm::simulation {
namespace {

const std::string kPrefix = "mm:{default}:";
/// Until everything must be at rest after the last fault: the longest pause between two questions about a match is 60
/// s, and a match without a server is cancelled after another 60 s.
constexpr Milliseconds kRestWithin{180'000};
constexpr Milliseconds kStep{500};
/// The latest copies of requests come within this time (bus_link.cpp), and may be requests of players.
constexpr Milliseconds kLatest{16'000};
/// Limit of the events of a match, whatever fails. Its states need at most four.
constexpr int kMostEvents = 8;
/// Of Redis with an older state.
constexpr Milliseconds kRestartTime{300};

}  // namespace

World::World(const Plan& plan)
    : plan_(plan),
      simulator_(plan.seed),
      servers_(simulator_),
      queue_checks_(servers_, ledger_),
      session_checks_(servers_),
      games_(servers_, ledger_, plan.servers),
      daemons_(servers_, games_),
      players_(servers_, ledger_, plan.players) {
  servers_.queue.ran = [this](const storage::RedisCommand& command, const storage::RedisReply& reply) {
    queue_checks_.after(command, reply);
  };
  set_boundary_hook([this](std::string_view call) { called(call); });
  servers_.database.committed = [this] { return session_checks_.after_transaction(); };
}

void World::run() {
  simulator_.run([this] {
    start();
    players_.start();
    servers_.faults = plan_.rates;
    for (const auto& fault : plan_.faults) {
      simulator_.at(fault.at, [this, fault] { fault.call.empty() ? inflict(fault) : waiting_.push_back(fault); });
    }
    simulator_.sleep(plan_.faulty_time);
    heal();
    come_to_rest();
    check_end();
    check_newcomers();
  });
}

void World::start() {
  daemons_.start(DaemonKind::orchestrator, 0);
  for (int i = 0; i < plan_.sessions; ++i) daemons_.start(DaemonKind::session, i);
  daemons_.start(DaemonKind::profile, 0);
  for (int i = 0; i < plan_.matchmakers; ++i) daemons_.start(DaemonKind::matchmaker, i);
  daemons_.start(DaemonKind::lobby, 0);
}

// Half of the faults come before the call is sent, and half after its reply.
void World::called(std::string_view call) {
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const auto fault = waiting_[i];
    const bool fits = fault.call == call && daemons_.process(fault.daemon, fault.instance) == &simulator_.process();
    if (!fits || simulator_.random().chance(0.5)) continue;
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    return inflict(fault);
  }
}

void World::inflict(const Fault& fault) {
  servers_.trace.add("FAULT " + fault.text());
  auto* const process = daemons_.process(fault.daemon, fault.instance);
  const auto later = [&](std::function<void()> action) { simulator_.at(fault.lasts, std::move(action)); };
  const auto cut = [&](bool Process::*link) {
    if (process == nullptr) return;
    process->*link = false;
    later([process, link] { process->*link = true; });
  };
  switch (fault.kind) {
    case FaultKind::kill:
      daemons_.kill(fault.daemon, fault.instance);
      return later([this, fault] { daemons_.start(fault.daemon, fault.instance); });
    case FaultKind::stop:
      daemons_.stop(fault.daemon, fault.instance);
      return later([this, fault] { daemons_.start(fault.daemon, fault.instance); });
    case FaultKind::pause:
      if (process == nullptr) return;
      simulator_.pause(*process);
      return later([this, process] { simulator_.resume(*process); });
    case FaultKind::cut_queue: return cut(&Process::linked_to_queue);
    case FaultKind::cut_bus: return cut(&Process::linked_to_bus);
    case FaultKind::cut_database: return cut(&Process::linked_to_database);
    default: return inflict_on_server(fault);
  }
}

void World::inflict_on_server(const Fault& fault) {
  const auto later = [&](std::function<void()> action) { simulator_.at(fault.lasts, std::move(action)); };
  switch (fault.kind) {
    case FaultKind::restart_queue: return servers_.restart(servers_.queue, fault.lasts);
    case FaultKind::pause_queue:
      servers_.pause(servers_.queue);
      return later([this] { servers_.resume(servers_.queue); });
    case FaultKind::jump_clock:
      servers_.queue.clock_offset += fault.jump;
      return queue_checks_.clock_jumped(fault.jump);
    case FaultKind::stop_database: servers_.database.up = false; return later([this] { servers_.database.up = true; });
    case FaultKind::restart_bus:
    case FaultKind::lose_stream_end:
      if (!servers_.events.up()) return;
      servers_.events.stop(fault.kind == FaultKind::restart_bus ? 0 : fault.lost);
      return later([this] {
        if (!servers_.events.up()) servers_.events.start();
      });
    case FaultKind::lose_queue: {
      std::map<std::string, Value> copy;
      if (fault.lost < 1) copy = servers_.queue.server.keyspace().values();
      return later([this, copy = std::move(copy)] { lose_queue(copy); });
    }
    default: return;
  }
}

void World::lose_queue(const std::map<std::string, Value>& copy) {
  servers_.trace.add("the queue goes back");
  servers_.restart(servers_.queue, kRestartTime);
  servers_.queue.server.load(copy);
  queue_checks_.went_back();
  ledger_.left.clear();
  ++ledger_.losses;
}

void World::heal() {
  servers_.trace.add("HEAL");
  waiting_.clear();
  servers_.faults = {};
  players_.stop();
  games_.heal();
  servers_.database.up = true;
  servers_.queue.up = true;
  if (servers_.queue.paused) servers_.resume(servers_.queue);
  if (!servers_.events.up()) servers_.events.start();
  daemons_.heal();
}

void World::come_to_rest() {
  simulator_.sleep(kLatest);
  const auto limit = simulator_.elapsed() + kRestWithin;
  std::string left = "nothing was looked at";
  while (!left.empty()) {
    if (simulator_.elapsed() > limit) throw Violation("I32: the platform does not come to rest: " + left);
    simulator_.sleep(kStep);
    daemons_.heal();  // a daemon that was stopped before the end of the faults may end only now
    left = unrest();
  }
}

std::string World::unrest() {
  const auto& keyspace = servers_.queue.server.keyspace();
  if (players_.busy() > 0) return "players are busy";
  for (const auto& [id, ticket] : queue_checks_.tickets()) {
    if (ticket.state == "queued") return "ticket " + id + " is queued";
  }
  for (const auto* name : {"live", "claim"}) {
    const auto* hash = keyspace.find<Hash>(kPrefix + name);
    if (hash != nullptr && !hash->empty()) return std::string(name) + " has " + hash->begin()->first;
  }
  if (keyspace.find<SortedSet>(kPrefix + "unconfirmed") != nullptr) return "a match is unconfirmed";
  if (keyspace.find<List>(kPrefix + "outbox") != nullptr) return "the matchmaker's outbox has events";
  for (const auto* outbox : {&servers_.database.session.outbox(), &servers_.database.profile.outbox()}) {
    for (const auto& row : outbox->rows()) {
      if (row.sent_under != servers_.events.id()) return "event " + row.message_id + " is not sent";
    }
  }
  for (const auto& [id, row] : servers_.database.session.rows()) {
    if (!is_over(row.match.status)) return "match " + id.to_string() + " is not over";
    if (!row.released) return "the server of match " + id.to_string() + " is not released";
  }
  for (const auto& [stream, consumer] : {std::pair("MATCH", "session"),
                                         {"MATCH", "matchmaker"},
                                         {"MATCH", "profile"},
                                         {"MATCH", "lobby"},
                                         {"TICKET", "lobby"}}) {
    if (servers_.events.unhandled(stream, consumer) > 0)
      return std::string("events for ") + consumer + " are unhandled";
  }
  const auto& values = keyspace.values();
  for (auto at = values.lower_bound(kPrefix + "q:"); at != values.end() && at->first.starts_with(kPrefix + "q:");
       ++at) {
    return at->first + " has ended tickets";
  }
  return {};
}

void World::check_end() {
  for (const auto& [id, at] : ledger_.queued) {
    if (!queue_checks_.tickets().contains(id))
      throw Violation("I01: ticket " + id + " was accepted and does not exist");
  }
  for (const auto& id : ledger_.cancelled) {
    const auto found = queue_checks_.tickets().find(id);
    const bool exists = found != queue_checks_.tickets().end();
    if (exists && found->second.undone) continue;
    if (!exists || found->second.state != "cancelled") {
      throw Violation("I05: ticket " + id + " is not cancelled, although a cancellation was acknowledged");
    }
  }
  check_matches();
  check_events();
}

// I10, I11, I12, I15 and I17.
void World::check_matches() {
  const auto& rows = servers_.database.session.rows();
  const auto& applied = servers_.database.profile.applied();
  for (const auto& [id, match] : queue_checks_.matches()) {
    // The id of a match of the lost part is known to nobody if its event was not stored.
    if (!match.undone && !rows.contains(*MatchId::parse(id)))
      throw Violation("I11: committed match " + id + " has no row");
  }
  std::map<PlayerId, std::int64_t> games;
  for (const auto& [id, row] : rows) {
    const auto text = id.to_string();
    if (!queue_checks_.matches().contains(text))
      throw Violation("I27: match " + text + " has a row and was never committed");
    const bool completed = row.match.status == MatchStatus::completed;
    if (completed != applied.contains(id)) throw Violation("I17: match " + text + " is not rated as it ended");
    if (const auto reported = ledger_.reported.find(text); reported != ledger_.reported.end()) {
      if (reported->second != text_of(row.match.status))
        throw Violation("I15: the result of match " + text + " is lost");
    }
    if (!completed) continue;
    for (const auto player : session::players_of(row.match.teams)) ++games[player];
  }
  std::map<PlayerId, std::int64_t> rated;
  for (const auto& [key, rating] : servers_.database.profile.ratings()) rated[key.player] += rating.games;
  if (games != rated) throw Violation("I17: the number of games differs from the number of completed matches");
  for (const auto& [id, row] : games_.rows()) {
    if (!row.released) throw Violation("I12: the server of match " + id.to_string() + " is still allocated");
  }
  for (const auto& [id, ticket] : queue_checks_.tickets()) {
    if (ticket.undone || ticket.state != "matched") continue;
    const auto row = rows.find(*MatchId::parse(ticket.match));
    if (row == rows.end() || row->second.match.status != MatchStatus::completed) {
      throw Violation("I01: ticket " + id + " ended in a match that was not completed");
    }
  }
}

// I27 and I28: the streams have the event of every fact, and no other events.
void World::check_events() {
  std::map<std::string, std::set<std::string>> wanted;
  for (const auto& [id, row] : servers_.database.session.rows()) {
    if (row.server) wanted["match.ready"].insert(id.to_string() + ".ready");
    const std::string status(text_of(row.match.status));
    wanted["match." + status].insert(id.to_string() + '.' + status);
  }
  for (const auto& [id, event] : servers_.database.profile.applied())
    wanted["match.rated"].insert(id.to_string() + ".rated");
  for (const auto& [id, ticket] : queue_checks_.tickets()) {
    if (ticket.undone || ticket.state == "matched") continue;
    const std::string attempt = '.' + std::to_string(ticket.attempt);
    wanted["ticket.closed"].insert(id + attempt + (ticket.reset ? ".reset" : ".closed"));
  }
  std::map<std::string, std::set<std::string>> stored;
  for (const auto* stream : {"MATCH", "TICKET"}) {
    for (const auto& event : servers_.events.stream(stream)) stored[event.subject].insert(event.message_id);
  }
  std::map<std::string, int> of_match;
  for (const auto& [subject, ids] : servers_.events.ever_stored()) {
    if (!subject.starts_with("match.")) continue;
    for (const auto& id : ids) {
      if (++of_match[id.substr(0, id.find('.'))] > kMostEvents)
        throw Violation("I28: a storm of events of match " + id.substr(0, id.find('.')));
    }
  }
  for (const auto& [subject, ids] : wanted) {
    for (const auto& id : ids) {
      if (!stored[subject].contains(id)) throw Violation("I28: the stream has no " + subject + ' ' + id);
    }
  }
  for (const auto& [subject, ids] : servers_.events.ever_stored()) {
    if (subject == "match.found" || subject == "ticket.requeued") continue;
    for (const auto& id : ids) {
      const auto ticket = queue_checks_.tickets().find(id.substr(0, id.find('.')));
      if (ticket != queue_checks_.tickets().end() && ticket->second.undone) continue;
      if (!wanted[subject].contains(id)) throw Violation("I27: " + subject + ' ' + id + " was sent without its fact");
    }
  }
}

// After all faults the platform serves new players.
void World::check_newcomers() {
  auto& process = simulator_.add_process("newcomers");
  bool failed = false;
  bool done = false;
  std::vector<std::string> tickets;
  simulator_.start(process, [&] {
    auto queued = players_.queue_newcomers();
    failed = !queued;
    if (queued) tickets = std::move(*queued);
    done = true;
  });
  while (!done) simulator_.sleep(kStep);
  if (failed) throw Violation("I31: newcomers cannot enter the queue");
  const auto limit = simulator_.elapsed() + Milliseconds{30'000};
  const auto played = [&](const std::string& id) {
    const auto& ticket = queue_checks_.tickets().at(id);
    const auto match = MatchId::parse(ticket.match);
    const auto row = match ? servers_.database.session.find(*match) : std::nullopt;
    return row && is_over(row->status);
  };
  while (!std::all_of(tickets.begin(), tickets.end(), played)) {
    if (simulator_.elapsed() > limit) throw Violation("I31: newcomers get no match");
    simulator_.sleep(kStep);
  }
}

}  // namespace mm::simulation
