#include "services/orchestrator/process_provider.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "common/runtime/log.h"
#include "common/wire/codec.h"
#include "services/orchestrator/core/start_policy.h"

namespace mm::orchestrator {
namespace {

constexpr Milliseconds kScanInterval{5'000};
constexpr Milliseconds kLogInterval{5'000};
constexpr std::uintmax_t kMaxLogBytes = 10 * 1024 * 1024;
constexpr int kIdlePollMs = 200;
constexpr int kConnectingPollMs = 5;  // poll() cannot wait for a socket file to appear
constexpr int kExitPortTaken = 98;

SteadyPoint now() { return std::chrono::steady_clock::now(); }

/// The offset of an endpoint's port in the range of ports; -1: the port is not of the range.
int offset_of(const std::string& endpoint, const ProcessSettings& settings) {
  const int port = std::atoi(endpoint.substr(endpoint.rfind(':') + 1).c_str());
  const int offset = port - settings.port_first;
  return settings.port_first != 0 && offset >= 0 && offset < settings.port_count ? offset : -1;
}

}  // namespace

ProcessProvider::ProcessProvider(ProcessSettings settings, RuntimeFolder folder, const Clock& clock, Metrics& metrics)
    : settings_(std::move(settings)),
      folder_(std::move(folder)),
      clock_(clock),
      metrics_(metrics),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  check(wake_ >= 0, "the operating system gives no eventfd");
  find_servers();
  thread_ = std::thread([this] { run(); });
}

ProcessProvider::~ProcessProvider() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_thread();
  thread_.join();
  ::close(wake_);
}

Reply<Place> ProcessProvider::reserve(MatchId match, Deadline deadline) {
  MutexLock lock(mutex_);
  for (;;) {
    const bool known = slots_.find(match).has_value();
    if (const auto assigned = slots_.assign(match)) {
      if (!known) reserved_at_[match] = now();
      wake_thread();  // another server may be needed now
      return Place{assigned->server, assigned->slot, servers_[assigned->server].endpoint};
    }
    if (!may_gain_place() || deadline.passed()) return refuse(Code::no_capacity);
    wake_thread();
    changed_.wait_until(lock, deadline.when());
  }
}

// A server is starting, or another one may be started now.
bool ProcessProvider::may_gain_place() const {
  const bool starting =
      std::any_of(servers_.begin(), servers_.end(), [](const auto& entry) { return is_starting(entry.second.state); });
  return starting || (static_cast<int>(servers_.size()) < settings_.max_servers && now() >= start_not_before_);
}

HandOverResult ProcessProvider::hand_over(ServerId id, const game::HandOver& match, Deadline deadline) {
  MutexLock lock(mutex_);
  const auto found = servers_.find(id);
  if (found == servers_.end() || !hello_received(found->second.state)) return HandOverResult::lost;
  if (found->second.hosted.contains(match.match_id)) return HandOverResult::hosted;
  HandOverWait wait{id, match.match_id, std::nullopt};
  const auto place = hand_overs_.insert(hand_overs_.end(), &wait);
  if (!found->second.link->send(wire::encode(match))) apply(found, ServerEvent::send_failed);
  wake_thread();
  changed_.wait_until(lock, deadline.when(), [&] { return wait.outcome.has_value(); });
  hand_overs_.erase(place);
  if (wait.outcome) return *wait.outcome;
  // Without an outcome the server is still there: its removal would have been the outcome.
  apply(servers_.find(id), ServerEvent::hand_over_timed_out);
  return HandOverResult::lost;
}

void ProcessProvider::free(MatchId match, std::optional<ServerId> on) {
  const MutexLock lock(mutex_);
  slots_.free(match);
  reserved_at_.erase(match);
  const auto server = on ? servers_.find(*on) : servers_.end();
  if (server == servers_.end() || !server->second.link) return;
  if (!server->second.link->send(wire::encode(game::EndMatch{match}))) apply(server, ServerEvent::send_failed);
  wake_thread();
}

Reachability ProcessProvider::reachability(ServerId id) {
  const MutexLock lock(mutex_);
  const auto found = servers_.find(id);
  if (found == servers_.end() || std::holds_alternative<Silent>(found->second.state)) return Reachability::gone;
  return std::holds_alternative<Ready>(found->second.state) ? Reachability::reachable : Reachability::unknown;
}

void ProcessProvider::reconcile(const std::vector<AllocatedMatch>& allocated) {
  const MutexLock lock(mutex_);
  std::map<MatchId, ServerId> known;
  for (const auto& row : allocated) {
    known.emplace(row.match_id, row.place.server_id);
    const ServerSlot assigned{row.place.server_id, row.place.slot};
    if (servers_.contains(assigned.server) && slots_.find(row.match_id) != assigned)
      slots_.restore(row.match_id, assigned);
  }
  for (const auto match : slots_.matches()) {
    if (!known.contains(match) && !is_recently_reserved(match)) slots_.free(match);
  }
  end_misplaced(known);
  std::erase_if(reserved_at_, [this](const auto& entry) REQUIRES(mutex_) { return !slots_.find(entry.first); });
}

// Ends matches that were released or moved while the connection to their server was down.
void ProcessProvider::end_misplaced(const std::map<MatchId, ServerId>& known) {
  for (auto& [id, server] : servers_) {
    if (!hello_received(server.state)) continue;
    for (const auto match : server.hosted) {
      const auto row = known.find(match);
      if ((row != known.end() && row->second == id) || is_recently_reserved(match)) continue;
      log::warning("misplaced_match_ended", {{"server_id", id}, {"match_id", match}});
      server.link->send(wire::encode(game::EndMatch{match}));
    }
  }
  wake_thread();
}

// The match may have no row yet.
bool ProcessProvider::is_recently_reserved(MatchId match) const {
  const auto since = reserved_at_.find(match);
  return since != reserved_at_.end() && now() - since->second < kReservationTimeout;
}

bool ProcessProvider::ready() {
  const MutexLock lock(mutex_);
  return std::any_of(servers_.begin(), servers_.end(),
                     [](const auto& entry) { return std::holds_alternative<Ready>(entry.second.state); });
}

void ProcessProvider::wake_thread() {
  const std::uint64_t one = 1;
  // A full counter wakes as well.
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void ProcessProvider::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    tick();
    auto input = expected_input();
    // Only this thread destroys links, so the descriptors stay valid while the mutex is free.
    lock.unlock();
    limit_log();
    ::poll(input.descriptors.data(), input.descriptors.size(), input.timeout_ms);
    std::uint64_t drained = 0;
    [[maybe_unused]] const auto got = ::read(wake_, &drained, sizeof drained);
    lock.lock();
    if (!stopping_) receive_lines();
  }
}

// Without the mutex, because the copy may take a while.
void ProcessProvider::limit_log() {
  if (now() < limit_log_at_) return;
  limit_log_at_ = now() + kLogInterval;
  folder_.limit_log(kMaxLogBytes);
}

ProcessProvider::Input ProcessProvider::expected_input() const {
  Input input{{{wake_, POLLIN, 0}}, kIdlePollMs};
  for (const auto& [id, server] : servers_) {
    if (!server.link) {
      input.timeout_ms = kConnectingPollMs;
      continue;
    }
    const short events = server.link->has_unsent() ? POLLIN | POLLOUT : POLLIN;
    input.descriptors.push_back({server.link->descriptor(), events, 0});
  }
  return input;
}

// May erase the server.
void ProcessProvider::apply(Servers::iterator at, ServerEvent event) {
  auto& server = at->second;
  const auto next = transition(server.state, event, server.child.has_value(), now());
  server.state = next.state;
  for (const auto effect : next.effects) execute(at, effect);
}

void ProcessProvider::execute(Servers::iterator at, ServerEffect effect) {
  const auto id = at->first;
  switch (effect) {
    case ServerEffect::accept_matches: return slots_.set_accepting(id, true);
    case ServerEffect::stop_matches: return slots_.set_accepting(id, false);
    case ServerEffect::forget_matches: return at->second.hosted.clear();
    case ServerEffect::fail_hand_overs: return answer_hand_overs(id, nullptr, HandOverResult::lost);
    case ServerEffect::reset_start_delay:
      failed_starts_ = 0;
      ports_refused_ = 0;
      return;
    case ServerEffect::extend_start_delay: start_not_before_ = now() + start_delay(++failed_starts_); return;
    case ServerEffect::report_silence:
      log::warning("game_server_silent", {{"server_id", id}});
      return changed_.notify_all();
    case ServerEffect::kill: return kill(id, at->second);
    case ServerEffect::remove: return remove(at);
  }
}

void ProcessProvider::tick() {
  reap_children();
  if (now() - scanned_at_ >= kScanInterval) find_servers();
  for (auto at = servers_.begin(); at != servers_.end();) {
    const auto server = at++;
    if (!server->second.link) connect(server);
    apply(server, ServerEvent::tick);
  }
  start_missing();
  metrics_.servers.set(static_cast<double>(servers_.size()));
  metrics_.matches.set(slots_.used());
}

// Adds servers of an earlier orchestrator, whose sockets are in the folder.
void ProcessProvider::find_servers() {
  scanned_at_ = now();
  for (const auto id : folder_.servers()) {
    if (servers_.contains(id)) continue;
    servers_[id].state = Connecting{now()};
    slots_.set_accepting(id, false);
  }
}

void ProcessProvider::reap_children() {
  for (auto at = servers_.begin(); at != servers_.end();) {
    const auto server = at++;
    const auto status = server->second.child ? exit_status(*server->second.child) : std::nullopt;
    if (!status) continue;
    // A port in use is a failure only when every port of the range has been tried.
    const bool next_port = *status == kExitPortTaken && ++ports_refused_ < settings_.port_count;
    if (!next_port) log::warning("game_server_ended", {{"server_id", server->first}, {"status", *status}});
    apply(server, next_port ? ServerEvent::port_taken : ServerEvent::exited);
  }
}

void ProcessProvider::connect(Servers::iterator at) {
  auto& server = at->second;
  auto link = ServerLink::connect(folder_.socket_path(at->first));
  if (!link || (server.child && link->peer() != *server.child)) return;
  server.link = std::move(link);
  apply(at, ServerEvent::connected);
}

void ProcessProvider::receive_lines() {
  for (auto at = servers_.begin(); at != servers_.end(); ++at) {
    auto& link = at->second.link;
    if (!link) continue;
    std::vector<game::ServerLine> lines;
    const bool alive = link->flush() && link->receive(lines);
    for (const auto& line : lines) handle_line(at, line);
    if (alive) continue;
    apply(at, ServerEvent::link_closed);
    link.reset();
  }
}

void ProcessProvider::handle_line(Servers::iterator at, const game::ServerLine& line) {
  if (line.event == game::LineEvent::hello) return handle_hello(at, line);
  apply(at, ServerEvent::other_line);
  if (!line.match_id) return;
  switch (line.event) {
    case game::LineEvent::hello: return;
    case game::LineEvent::hosting:
      at->second.hosted.insert(*line.match_id);
      return answer_hand_overs(at->first, &*line.match_id, HandOverResult::hosted);
    case game::LineEvent::refused:
      log::warning("hand_over_refused", {{"match_id", *line.match_id}, {"reason", line.detail.value_or("")}});
      return answer_hand_overs(at->first, &*line.match_id, HandOverResult::refused);
    case game::LineEvent::ended: at->second.hosted.erase(*line.match_id); return;
  }
}

void ProcessProvider::handle_hello(Servers::iterator at, const game::ServerLine& line) {
  auto& server = at->second;
  server.endpoint = line.endpoint.value_or("");
  server.port_offset = offset_of(server.endpoint, settings_);
  if (line.matches) server.hosted = {line.matches->begin(), line.matches->end()};
  apply(at, ServerEvent::hello);
  log::info(server.child ? "game_server_started" : "game_server_adopted",
            {{"server_id", at->first}, {"endpoint", server.endpoint}, {"matches", server.hosted.size()}});
  changed_.notify_all();
}

// Without a child and a connection there is no process to end, only a socket that a process left behind.
void ProcessProvider::kill(ServerId id, const Server& server) {
  log::warning("game_server_given_up", {{"server_id", id}});
  if (server.child) ::kill(*server.child, SIGKILL);
  else if (server.link) ::kill(server.link->peer(), SIGKILL);
}

void ProcessProvider::remove(Servers::iterator at) {
  const auto id = at->first;
  metrics_.servers_lost.add();
  answer_hand_overs(id, nullptr, HandOverResult::lost);
  slots_.remove(id);
  folder_.remove_files(id);
  servers_.erase(at);
}

void ProcessProvider::start_missing() {
  const auto usable = std::count_if(servers_.begin(), servers_.end(), [](const auto& entry) {
    return !std::holds_alternative<Silent>(entry.second.state);
  });
  const int wanted = servers_wanted(slots_.used(), settings_.max_servers);
  for (auto count = static_cast<int>(usable); count < wanted; ++count) {
    if (static_cast<int>(servers_.size()) >= settings_.max_servers || now() < start_not_before_) return;
    if (!start_one()) return;
  }
}

bool ProcessProvider::start_one() {
  std::set<int> ports;
  for (const auto& [id, server] : servers_) ports.insert(server.port_offset);
  const auto has_port = [&ports](int offset) { return ports.contains(offset); };
  const int offset =
      settings_.port_first == 0 ? -1 : free_port_offset(next_port_offset_, settings_.port_count, has_port);
  if (settings_.port_first != 0 && offset < 0) return false;
  const auto id = ServerId::fresh(clock_.now());
  const int port = offset < 0 ? 0 : settings_.port_first + offset;
  const auto child = start_server({settings_.program,
                                   {{"MM_SERVER_ID", id.to_string()},
                                    {"MM_RUNTIME_DIR", folder_.path()},
                                    {"MM_GAME_ADDRESS", settings_.address},
                                    {"MM_GAME_PORT", std::to_string(port)},
                                    {"MM_GAME_SECONDS", std::to_string(settings_.game_seconds)},
                                    {"MM_LOG_LEVEL", settings_.log_level}},
                                   folder_.log_path()});
  if (!child) {
    log::error("game_server_not_started", {{"reason", child.error()}});
    start_not_before_ = now() + start_delay(++failed_starts_);
    return false;
  }
  next_port_offset_ = offset + 1;
  metrics_.servers_started.add();
  auto& server = servers_[id];
  server.child = *child;
  server.port_offset = offset;
  server.state = Connecting{now()};
  slots_.set_accepting(id, false);
  return true;
}

// Answers the callers that wait for this server; `match` null: for any of its matches.
void ProcessProvider::answer_hand_overs(ServerId server, const MatchId* match, HandOverResult outcome) {
  for (auto* wait : hand_overs_) {
    if (wait->server == server && (match == nullptr || wait->match == *match)) wait->outcome = outcome;
  }
  changed_.notify_all();
}

}  // namespace mm::orchestrator
