#include "services/session/server_allocator.h"

#include <chrono>

#include "common/runtime/log.h"
#include "common/runtime/match_trace.h"

namespace mm::session {
namespace {

AllocateServer request_for(const Match& match, const Tokens& tokens) {
  AllocateServer request;
  request.match_id = match.id;
  request.tenant = match.tenant;
  request.mode = match.mode;
  request.region = match.region;
  for (const auto& team : match.teams) {
    auto& players = request.teams.emplace_back();
    for (const auto& player : team.players) players.push_back({player.player_id, player.mmr});
  }
  request.server_token = tokens.server_token(match);
  request.join_key = tokens.join_key(match.id);
  return request;
}

Caller caller_for(const Tenant& tenant) {
  Caller caller;
  caller.tenant = tenant;
  return caller;
}

double seconds(Milliseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

ServerAllocator::ServerAllocator(Store& store, bus::Bus& bus, const Tokens& tokens, MatchNotifier& notifier,
                                 Metrics& metrics)
    : store_(store), bus_(bus), tokens_(tokens), notifier_(notifier), metrics_(metrics) {
  for (int i = 0; i < kWorkers; ++i) workers_.emplace_back([this] { work(); });
}

ServerAllocator::~ServerAllocator() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ServerAllocator::allocate(const Match& match) {
  if (!none_free_ && !backlogged_) enqueue(match, false);
}

void ServerAllocator::enqueue(const Match& match, bool probe) {
  {
    const std::lock_guard lock(mutex_);
    if (to_allocate_.size() >= kMaxQueued || !in_progress_.insert(match.id).second) return;
    to_allocate_.push_back({match, probe});
  }
  woken_.notify_one();
}

void ServerAllocator::release(MatchId match) {
  {
    const std::lock_guard lock(mutex_);
    if (to_release_.size() >= kMaxQueued || !in_progress_.insert(match).second) return;
    to_release_.push_back(match);
  }
  woken_.notify_one();
}

bool ServerAllocator::sweep() {
  const auto rows = store_.waiting(kMaxPerSweep, Deadline::after(kRequestTimeout));
  if (!rows) return false;
  metrics_.waiting.set(static_cast<double>(rows->size()));
  backlogged_ = rows->size() == kMaxPerSweep;
  if (rows->empty()) none_free_ = false;
  else if (none_free_) enqueue(rows->front(), true);
  else
    for (const auto& match : *rows) enqueue(match, false);
  return true;
}

void ServerAllocator::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    woken_.wait(lock, [this] { return stopping_ || !to_allocate_.empty() || !to_release_.empty(); });
    if (stopping_) return;
    MatchId done;
    if (!to_allocate_.empty()) {
      const auto job = std::move(to_allocate_.front());
      to_allocate_.pop_front();
      done = job.match.id;
      lock.unlock();
      run(job);
    } else {
      done = to_release_.front();
      to_release_.pop_front();
      lock.unlock();
      release_now(done);
    }
    continue_backlog();
    lock.lock();
    in_progress_.erase(done);
  }
}

// When the workers have taken all matches of the last sweep, the next sweep of a backlog follows at once.
void ServerAllocator::continue_backlog() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || !to_allocate_.empty()) return;
  }
  if (!none_free_ && backlogged_.exchange(false)) sweep();
}

void ServerAllocator::run(const Job& job) {
  if (none_free_ && !job.probe) return;  // the next sweep reads it again
  const auto outcome = request_server(job.match);
  if (outcome == Outcome::none_free) {
    none_free_ = true;
  } else if (job.probe) {
    none_free_ = false;
    sweep();
  }
}

ServerAllocator::Outcome ServerAllocator::request_server(const Match& match) {
  const trace::Scope scope(trace::of_match(match.id));
  const auto start = std::chrono::steady_clock::now();
  const auto answer =
      bus_.request(request_for(match, tokens_), caller_for(match.tenant), Deadline::after(kRequestTimeout));
  metrics_.allocate.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return answer ? make_ready(match, *answer) : handle_refusal(match, answer.error());
}

ServerAllocator::Outcome ServerAllocator::make_ready(const Match& match, const Allocation& allocation) {
  const auto ready = store_.make_ready(match.id, allocation, Deadline::after(kRequestTimeout));
  // If the row could not be written, the match still waits and requests its server again. If the match is no longer
  // allocating, it has ended, and the server is released as that of any ended match.
  if (!ready || !*ready) return Outcome::refused;
  metrics_.found_to_ready.observe(seconds((*ready)->ready_at.value_or(match.found_at) - match.found_at));
  notifier_.status_changed(**ready, MatchStatus::allocating);
  return Outcome::allocated;
}

ServerAllocator::Outcome ServerAllocator::handle_refusal(const Match& match, const Problem& problem) {
  switch (problem.code) {
    case Code::no_capacity:
    case Code::unavailable:
    case Code::deadline_exceeded: return Outcome::none_free;
    case Code::match_over: {
      // The orchestrator has already released this match, so it will never get a server: cancel it without waiting.
      const MatchEnd end{cancelled_event(match, CancelReason::no_server), {}};
      const auto cancelled =
          store_.end_overdue(Store::Overdue::unserved, Milliseconds{0}, match, end, Deadline::after(kRequestTimeout));
      if (cancelled && *cancelled) notifier_.status_changed(**cancelled, MatchStatus::allocating);
      return Outcome::refused;
    }
    default:
      log::error("allocate_refused", {{"match_id", match.id}, {"code", info(problem.code).name}});
      return Outcome::refused;
  }
}

void ServerAllocator::release_now(MatchId match) {
  if (!bus_.request(ReleaseServer{match}, Caller{}, Deadline::after(kRequestTimeout))) return;
  if (!store_.mark_released(match, Deadline::after(kRequestTimeout))) return;
  if (none_free_) sweep();
}

}  // namespace mm::session
