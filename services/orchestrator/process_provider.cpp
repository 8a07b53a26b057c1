#include "services/orchestrator/process_provider.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "common/runtime/log.h"
#include "common/wire/codec.h"
#include "services/orchestrator/core/patience.h"

namespace mm::orchestrator {
namespace {

constexpr Milliseconds kLookEvery{5'000};
constexpr int kIdlePollMs = 200;
constexpr int kStartingPollMs = 5;  // a socket that appears cannot be waited for
constexpr int kExitPortTaken = 98;

SteadyPoint now() { return std::chrono::steady_clock::now(); }

/// Where in the range of ports an endpoint is; -1: it is not of the range.
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
  look_for_others();
  thread_ = std::thread([this] { run(); });
}

ProcessProvider::~ProcessProvider() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake();
  thread_.join();
  ::close(wake_);
}

Reply<Place> ProcessProvider::reserve(MatchId match, Deadline deadline) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool known = seating_.of(match).has_value();
    if (const auto seat = seating_.take(match)) {
      if (!known) reserved_at_[match] = now();
      wake();  // the one kept warm may be taken now
      return Place{seat->server, seat->slot, servers_[seat->server].endpoint};
    }
    if (!could_grow()) return refuse(Code::no_capacity);
    wake();
    if (changed_.wait_until(lock, deadline.when()) == std::cv_status::timeout) return refuse(Code::no_capacity);
  }
}

// A server is starting, or one may be started.
bool ProcessProvider::could_grow() const {
  const bool starting = std::any_of(servers_.begin(), servers_.end(), [](const auto& entry) {
    return !entry.second.greeted && !entry.second.silent_since;
  });
  return starting || (static_cast<int>(servers_.size()) < settings_.max_servers && now() >= start_not_before_);
}

HandedOver ProcessProvider::hand_over(ServerId id, const game::HandOver& match, Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto found = servers_.find(id);
  if (found == servers_.end() || !found->second.greeted) return HandedOver::lost;
  if (found->second.hosted.contains(match.match_id)) return HandedOver::hosted;
  Waiter waiter{id, match.match_id, std::nullopt};
  const auto place = waiters_.insert(waiters_.end(), &waiter);
  if (!found->second.link->send(wire::encode(match))) disconnect(id, found->second);
  wake();
  changed_.wait_until(lock, deadline.when(), [&] { return waiter.outcome.has_value(); });
  waiters_.erase(place);
  if (waiter.outcome) return *waiter.outcome;
  const auto still = servers_.find(id);
  if (still != servers_.end() && !still->second.silent_since) {
    log::warning("game_server_silent", {{"server_id", id}});
    still->second.silent_since = now();
    seating_.set_open(id, false);
  }
  return HandedOver::lost;
}

void ProcessProvider::free(MatchId match, std::optional<ServerId> on) {
  const std::lock_guard lock(mutex_);
  seating_.free(match);
  reserved_at_.erase(match);
  const auto server = on ? servers_.find(*on) : servers_.end();
  if (server == servers_.end() || !server->second.link) return;
  if (!server->second.link->send(wire::encode(game::EndMatch{match}))) disconnect(server->first, server->second);
  wake();
}

Presence ProcessProvider::presence(ServerId id) {
  const std::lock_guard lock(mutex_);
  const auto found = servers_.find(id);
  if (found == servers_.end() || found->second.silent_since) return Presence::gone;
  return found->second.greeted ? Presence::there : Presence::unknown;
}

void ProcessProvider::reconcile(const std::vector<Allocated>& allocated) {
  const std::lock_guard lock(mutex_);
  std::map<MatchId, ServerId> known;
  for (const auto& row : allocated) {
    known.emplace(row.match_id, row.place.server_id);
    const Seat seat{row.place.server_id, row.place.slot};
    if (servers_.contains(seat.server) && seating_.of(row.match_id) != seat) seating_.restore(row.match_id, seat);
  }
  for (const auto match : seating_.seated()) {
    if (!known.contains(match) && !just_reserved(match)) seating_.free(match);
  }
  end_misplaced(known);
  std::erase_if(reserved_at_, [&](const auto& entry) { return !seating_.of(entry.first); });
}

// Matches that were released, or moved, while their server could not be told.
void ProcessProvider::end_misplaced(const std::map<MatchId, ServerId>& known) {
  for (auto& [id, server] : servers_) {
    if (!server.greeted) continue;
    for (const auto match : server.hosted) {
      const auto row = known.find(match);
      if ((row != known.end() && row->second == id) || just_reserved(match)) continue;
      log::warning("misplaced_match_ended", {{"server_id", id}, {"match_id", match}});
      server.link->send(wire::encode(game::EndMatch{match}));
    }
  }
  wake();
}

// The table may not have it yet.
bool ProcessProvider::just_reserved(MatchId match) const {
  const auto since = reserved_at_.find(match);
  return since != reserved_at_.end() && now() - since->second < kReservationTime;
}

bool ProcessProvider::ready() {
  const std::lock_guard lock(mutex_);
  return std::any_of(servers_.begin(), servers_.end(),
                     [](const auto& entry) { return entry.second.greeted && !entry.second.silent_since; });
}

void ProcessProvider::wake() {
  const std::uint64_t one = 1;
  // A full counter wakes as well.
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
}

void ProcessProvider::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    tend();
    wait_for_something(lock);
    if (!ending_) listen_to_all();
  }
}

void ProcessProvider::wait_for_something(std::unique_lock<std::mutex>& lock) {
  std::vector<pollfd> watched{{wake_, POLLIN, 0}};
  int timeout = kIdlePollMs;
  for (const auto& [id, server] : servers_) {
    if (!server.link) {
      timeout = kStartingPollMs;
      continue;
    }
    const short events = server.link->has_unsent() ? POLLIN | POLLOUT : POLLIN;
    watched.push_back({server.link->descriptor(), events, 0});
  }
  // Only this thread destroys a link, so the descriptors stay what they are while others run.
  lock.unlock();
  ::poll(watched.data(), watched.size(), timeout);
  std::uint64_t drained = 0;
  [[maybe_unused]] const auto got = ::read(wake_, &drained, sizeof drained);
  lock.lock();
}

void ProcessProvider::tend() {
  reap();
  if (now() - looked_at_ >= kLookEvery) look_for_others();
  for (auto& [id, server] : servers_) {
    if (!server.link) connect(id, server);
  }
  notice_silence();
  give_up_late();
  start_missing();
  metrics_.servers.set(static_cast<double>(servers_.size()));
  metrics_.matches.set(seating_.used());
}

// Servers of an earlier orchestrator: their sockets are in the folder.
void ProcessProvider::look_for_others() {
  looked_at_ = now();
  for (const auto id : folder_.servers()) {
    if (servers_.contains(id)) continue;
    servers_[id].waiting_since = now();
    seating_.set_open(id, false);
  }
}

void ProcessProvider::reap() {
  for (auto at = servers_.begin(); at != servers_.end();) {
    const auto status = at->second.child ? ended(*at->second.child) : std::nullopt;
    if (!status) {
      ++at;
      continue;
    }
    // A taken port is no failure while there are others to try.
    const bool next_port = *status == kExitPortTaken && ++ports_refused_ < settings_.port_count;
    if (!next_port) log::warning("game_server_ended", {{"server_id", at->first}, {"status", *status}});
    if (!next_port && !at->second.greeted) start_not_before_ = now() + start_pause(++failed_starts_);
    at = lose(at);
  }
}

void ProcessProvider::connect(ServerId id, Server& server) {
  server.link = ServerLink::connect(folder_.socket_path(id));
  if (server.link && server.child && server.link->peer() != *server.child) server.link.reset();
}

void ProcessProvider::listen_to_all() {
  for (auto& [id, server] : servers_) {
    if (!server.link) continue;
    std::vector<game::ServerLine> lines;
    const bool alive = server.link->flush() && server.link->receive(lines);
    for (const auto& line : lines) take(id, server, line);
    if (!alive) {
      disconnect(id, server);
      server.link.reset();
    }
  }
}

void ProcessProvider::take(ServerId id, Server& server, const game::ServerLine& line) {
  if (server.silent_since) {
    server.silent_since.reset();
    seating_.set_open(id, server.greeted);
  }
  switch (line.event) {
    case game::LineEvent::hello: return greet(id, server, line);
    case game::LineEvent::hosting:
      if (!line.match_id) return;
      server.hosted.insert(*line.match_id);
      return settle(id, &*line.match_id, HandedOver::hosted);
    case game::LineEvent::refused:
      if (!line.match_id) return;
      log::warning("hand_over_refused", {{"match_id", *line.match_id}, {"reason", line.detail.value_or("")}});
      return settle(id, &*line.match_id, HandedOver::refused);
    case game::LineEvent::ended:
      if (line.match_id) server.hosted.erase(*line.match_id);
      return;
  }
}

void ProcessProvider::greet(ServerId id, Server& server, const game::ServerLine& line) {
  server.greeted = true;
  server.endpoint = line.endpoint.value_or("");
  if (line.matches) server.hosted = {line.matches->begin(), line.matches->end()};
  failed_starts_ = 0;
  ports_refused_ = 0;
  server.port_offset = offset_of(server.endpoint, settings_);
  seating_.set_open(id, true);
  log::info(server.child ? "game_server_started" : "game_server_adopted",
            {{"server_id", id}, {"endpoint", server.endpoint}, {"matches", server.hosted.size()}});
  changed_.notify_all();
}

// Its process may live on: it is asked again, and given up after a while.
void ProcessProvider::disconnect(ServerId id, Server& server) {
  server.greeted = false;
  server.silent_since.reset();
  server.waiting_since = now();
  server.hosted.clear();
  seating_.set_open(id, false);
  settle(id, nullptr, HandedOver::lost);
}

ProcessProvider::Servers::iterator ProcessProvider::lose(Servers::iterator server) {
  const auto id = server->first;
  metrics_.servers_lost.add();
  settle(id, nullptr, HandedOver::lost);
  seating_.remove(id);
  folder_.forget(id);
  return servers_.erase(server);
}

void ProcessProvider::notice_silence() {
  for (auto& [id, server] : servers_) {
    if (!server.link || server.greeted || server.silent_since || now() - server.waiting_since < kHelloTime) continue;
    log::warning("game_server_silent", {{"server_id", id}});
    server.silent_since = now();
    changed_.notify_all();
  }
}

void ProcessProvider::give_up_late() {
  for (auto at = servers_.begin(); at != servers_.end();) {
    auto& server = at->second;
    if (!is_late(server)) {
      ++at;
      continue;
    }
    log::warning("game_server_given_up", {{"server_id", at->first}});
    // A child is reaped at the next turn. A stranger without a link is a socket without a process.
    if (server.child) ::kill(*server.child, SIGKILL);
    else if (server.link) ::kill(server.link->peer(), SIGKILL);
    at = server.child ? std::next(at) : lose(at);
  }
}

bool ProcessProvider::is_late(const Server& server) const {
  if (server.silent_since) return now() - *server.silent_since > kSilenceTime;
  if (server.greeted) return false;
  return !server.link && now() - server.waiting_since > (server.child ? kStartTime : kAdoptTime);
}

void ProcessProvider::start_missing() {
  const auto taking =
      std::count_if(servers_.begin(), servers_.end(), [](const auto& entry) { return !entry.second.silent_since; });
  const int wanted = servers_wanted(seating_.used(), settings_.max_servers);
  for (auto there = static_cast<int>(taking); there < wanted; ++there) {
    if (static_cast<int>(servers_.size()) >= settings_.max_servers || now() < start_not_before_) return;
    if (!start_one()) return;
  }
}

bool ProcessProvider::start_one() {
  const auto has_port = [&](int offset) {
    return std::any_of(servers_.begin(), servers_.end(),
                       [&](const auto& entry) { return entry.second.port_offset == offset; });
  };
  const int offset = settings_.port_first == 0 ? -1 : free_offset(next_port_offset_, settings_.port_count, has_port);
  if (settings_.port_first != 0 && offset < 0) return false;
  const auto id = ServerId::fresh(clock_.now());
  const int port = offset < 0 ? 0 : settings_.port_first + offset;
  const auto child = start({settings_.program,
                            {{"MM_SERVER_ID", id.to_string()},
                             {"MM_RUNTIME_DIR", folder_.path()},
                             {"MM_GAME_ADDRESS", settings_.address},
                             {"MM_GAME_PORT", std::to_string(port)},
                             {"MM_GAME_SECONDS", std::to_string(settings_.game_seconds)},
                             {"MM_LOG_LEVEL", settings_.log_level}},
                            folder_.log_path()});
  if (!child) {
    log::error("game_server_not_started", {{"reason", child.error()}});
    start_not_before_ = now() + start_pause(++failed_starts_);
    return false;
  }
  next_port_offset_ = offset + 1;
  metrics_.servers_started.add();
  auto& server = servers_[id];
  server.child = *child;
  server.port_offset = offset;
  server.waiting_since = now();
  seating_.set_open(id, false);
  return true;
}

// Answers those who wait for this server; `match` null: all of them.
void ProcessProvider::settle(ServerId server, const MatchId* match, HandedOver outcome) {
  for (auto* waiter : waiters_) {
    if (waiter->server == server && (match == nullptr || waiter->match == *match)) waiter->outcome = outcome;
  }
  changed_.notify_all();
}

}  // namespace mm::orchestrator
