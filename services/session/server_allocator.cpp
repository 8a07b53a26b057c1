#include "services/session/server_allocator.h"

#include <chrono>
#include <utility>

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

bool no_server_for_any(const Problem& problem) {
  return problem.code == Code::no_capacity || problem.code == Code::unavailable ||
         problem.code == Code::deadline_exceeded;
}

double seconds(Milliseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

ServerAllocator::ServerAllocator(Store& store, bus::Bus& bus, const Tokens& tokens, MatchNotifier& notifier,
                                 Metrics& metrics)
    : store_(store), bus_(bus), tokens_(tokens), notifier_(notifier), metrics_(metrics) {
  for (int i = 0; i < kWorkers; ++i) workers_.emplace_back([this] { work(); });
  writer_ = std::thread([this] { write(); });
}

ServerAllocator::~ServerAllocator() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_queued_.notify_all();
  for (auto& worker : workers_) worker.join();
  {
    const MutexLock lock(mutex_);
    workers_stopped_ = true;
  }
  answers_queued_.notify_one();
  writer_.join();
}

void ServerAllocator::allocate(const Match& match) {
  if (!none_free_ && !backlogged_) enqueue(match, false);
}

bool ServerAllocator::enqueue(const Match& match, bool probe) {
  {
    const MutexLock lock(mutex_);
    if (allocating_.size() >= kMaxInProgress || !allocating_.insert(match.id).second) return false;
    to_allocate_.push_back({match, probe});
  }
  work_queued_.notify_one();
  return true;
}

void ServerAllocator::release(MatchId match) {
  {
    const MutexLock lock(mutex_);
    if (releasing_.size() >= kMaxInProgress || !releasing_.insert(match).second) return;
    to_release_.push_back(match);
  }
  work_queued_.notify_one();
}

bool ServerAllocator::sweep() {
  const auto rows = store_.waiting(kMaxPerSweep, Deadline::after(kRequestTimeout));
  if (!rows) return false;
  metrics_.waiting.set(static_cast<double>(rows->size()));
  backlogged_ = rows->size() == kMaxPerSweep;
  int requested = 0;
  if (rows->empty()) none_free_ = false;
  else if (none_free_) requested += enqueue(rows->front(), true) ? 1 : 0;
  else
    for (const auto& match : *rows) requested += enqueue(match, false) ? 1 : 0;
  metrics_.servers_requested_again.add(requested);
  return true;
}

void ServerAllocator::work() {
  MutexLock lock(mutex_);
  for (;;) {
    work_queued_.wait(lock,
                      [this]() REQUIRES(mutex_) { return stopping_ || !to_allocate_.empty() || !to_release_.empty(); });
    if (stopping_) return;
    if (!to_allocate_.empty()) {
      const auto job = std::move(to_allocate_.front());
      to_allocate_.pop_front();
      lock.unlock();
      const auto allocation = allocate_now(job);
      lock.lock();
      if (allocation) allocated_.push_back(*allocation);
      else allocating_.erase(job.match.id);
    } else {
      const auto match = to_release_.front();
      to_release_.pop_front();
      lock.unlock();
      const bool released = release_now(match);
      lock.lock();
      if (released) released_.push_back(match);
      else releasing_.erase(match);
    }
    answers_queued_.notify_one();
  }
}

std::optional<Allocation> ServerAllocator::allocate_now(const Job& job) {
  if (none_free_ && !job.probe) return std::nullopt;  // the next sweep reads it again
  const auto& match = job.match;
  const trace::Scope scope(trace::of_match(match.id));
  const auto start = std::chrono::steady_clock::now();
  const auto answer =
      bus_.request(request_for(match, tokens_), caller_for(match.tenant), Deadline::after(kRequestTimeout));
  metrics_.allocate.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (!answer && no_server_for_any(answer.error())) {
    none_free_ = true;
    return std::nullopt;
  }
  if (!answer) handle_refusal(match, answer.error());
  if (job.probe) {
    none_free_ = false;
    sweep();
  }
  if (!answer) return std::nullopt;
  auto allocation = *answer;
  allocation.match_id = match.id;
  return allocation;
}

void ServerAllocator::handle_refusal(const Match& match, const Problem& problem) {
  switch (problem.code) {
    case Code::match_over: {
      // The orchestrator has already released this match, so it will never get a server: cancel it without waiting.
      const MatchEnd end{cancelled_event(match, CancelReason::no_server), {}};
      const auto cancelled =
          store_.end_overdue(Store::Overdue::unserved, Milliseconds{0}, match, end, Deadline::after(kRequestTimeout));
      if (cancelled && *cancelled) notifier_.status_changed(**cancelled, MatchStatus::allocating);
      return;
    }
    default: log::error("allocate_refused", {{"match_id", match.id}, {"code", info(problem.code).name}});
  }
}

bool ServerAllocator::release_now(MatchId match) {
  return bus_.request(ReleaseServer{match}, Caller{}, Deadline::after(kRequestTimeout)).ok();
}

void ServerAllocator::write() {
  MutexLock lock(mutex_);
  for (;;) {
    answers_queued_.wait(
        lock, [this]() REQUIRES(mutex_) { return workers_stopped_ || !allocated_.empty() || !released_.empty(); });
    if (allocated_.empty() && released_.empty()) return;
    const auto allocated = std::exchange(allocated_, {});
    const auto released = std::exchange(released_, {});
    lock.unlock();
    if (!allocated.empty()) make_ready(allocated);
    if (!released.empty()) mark_released(released);
    lock.lock();
    for (const auto& allocation : allocated) allocating_.erase(allocation.match_id);
    for (const auto match : released) releasing_.erase(match);
    lock.unlock();
    continue_backlog();
    lock.lock();
  }
}

// If a row could not be written, the match still waits and requests its server again. If a match is no longer
// allocating, it has ended, and the server is released as that of any ended match.
void ServerAllocator::make_ready(const std::vector<Allocation>& allocations) {
  const auto ready = store_.make_ready(allocations, Deadline::after(kRequestTimeout));
  if (!ready && ready.error().code == Code::internal_error && allocations.size() > 1) {
    // An allocation that cannot be written must not fail the others.
    for (const auto& allocation : allocations) make_ready({allocation});
  }
  if (!ready) return;
  for (const auto& match : *ready) {
    const trace::Scope scope(trace::of_match(match.id));
    metrics_.found_to_ready.observe(seconds(match.ready_at.value_or(match.found_at) - match.found_at));
    notifier_.status_changed(match, MatchStatus::allocating);
  }
}

void ServerAllocator::mark_released(const std::vector<MatchId>& matches) {
  if (store_.mark_released(matches, Deadline::after(kRequestTimeout)) && none_free_) sweep();
}

// When the workers have taken all matches of the last sweep, the next sweep of a backlog follows at once.
void ServerAllocator::continue_backlog() {
  {
    const MutexLock lock(mutex_);
    if (stopping_ || !to_allocate_.empty()) return;
  }
  if (!none_free_ && backlogged_.exchange(false)) sweep();
}

}  // namespace mm::session
