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

ServerAllocator::ServerAllocator(Store& store, bus::Bus& bus, const Tokens& tokens, MatchNotifier& match_notifier,
                                 Metrics& metrics)
    : store_(store), bus_(bus), tokens_(tokens), match_notifier_(match_notifier), metrics_(metrics) {
  for (int i = 0; i < kWorkers; ++i) workers_.emplace_back([this] { work(); });
}

ServerAllocator::~ServerAllocator() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  woken_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ServerAllocator::place(const Match& match) {
  if (!none_free_ && !backlogged_) push(match, false);
}

void ServerAllocator::push(const Match& match, bool probe) {
  {
    const std::lock_guard lock(mutex_);
    if (to_place_.size() >= kMaxQueued || !under_way_.insert(match.id).second) return;
    to_place_.push_back({match, probe});
  }
  woken_.notify_one();
}

void ServerAllocator::give_back(MatchId match) {
  {
    const std::lock_guard lock(mutex_);
    if (to_release_.size() >= kMaxQueued || !under_way_.insert(match).second) return;
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
  else if (none_free_) push(rows->front(), true);
  else
    for (const auto& match : *rows) push(match, false);
  return true;
}

void ServerAllocator::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    woken_.wait(lock, [this] { return ending_ || !to_place_.empty() || !to_release_.empty(); });
    if (ending_) return;
    MatchId done;
    if (!to_place_.empty()) {
      const auto job = std::move(to_place_.front());
      to_place_.pop_front();
      done = job.match.id;
      lock.unlock();
      ask_and_go_on(job);
    } else {
      done = to_release_.front();
      to_release_.pop_front();
      lock.unlock();
      release(done);
    }
    go_on_with_backlog();
    lock.lock();
    under_way_.erase(done);
  }
}

// The next matches of a backlog are asked for as soon as those of the last sweep are with the workers.
void ServerAllocator::go_on_with_backlog() {
  {
    const std::lock_guard lock(mutex_);
    if (ending_ || !to_place_.empty()) return;
  }
  if (!none_free_ && backlogged_.exchange(false)) sweep();
}

void ServerAllocator::ask_and_go_on(const Place& job) {
  if (none_free_ && !job.probe) return;  // its turn comes with the sweep
  const auto answer = ask(job.match);
  if (answer == Answer::none_free) {
    none_free_ = true;
  } else if (job.probe) {
    none_free_ = false;
    sweep();
  }
}

ServerAllocator::Answer ServerAllocator::ask(const Match& match) {
  const trace::Scope scope(trace::of_match(match.id));
  const auto start = std::chrono::steady_clock::now();
  const auto answer =
      bus_.request(request_for(match, tokens_), caller_for(match.tenant), Deadline::after(kRequestTimeout));
  metrics_.allocate.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return answer ? settle(match, *answer) : refused(match, answer.error());
}

ServerAllocator::Answer ServerAllocator::settle(const Match& match, const Allocation& allocation) {
  const auto ready = store_.make_ready(match.id, allocation, Deadline::after(kRequestTimeout));
  // Not stored: the row still waits and asks again. No longer allocating: whoever ended it gives the server back.
  if (!ready || !*ready) return Answer::refused;
  metrics_.found_to_ready.observe(seconds((*ready)->ready_at.value_or(match.found_at) - match.found_at));
  match_notifier_.changed(**ready, MatchStatus::allocating);
  return Answer::placed;
}

ServerAllocator::Answer ServerAllocator::refused(const Match& match, const Problem& problem) {
  switch (problem.code) {
    case Code::no_capacity:
    case Code::unavailable:
    case Code::deadline_exceeded: return Answer::none_free;
    case Code::match_over: {
      // A tombstone: this match will never get a server, so it need not wait for its time to be up.
      const auto cancelled = store_.cancel_unserved(match, Milliseconds{0}, Deadline::after(kRequestTimeout));
      if (cancelled && *cancelled) match_notifier_.changed(**cancelled, MatchStatus::allocating);
      return Answer::refused;
    }
    default:
      log::error("allocate_refused", {{"match_id", match.id}, {"code", info(problem.code).name}});
      return Answer::refused;
  }
}

void ServerAllocator::release(MatchId match) {
  if (!bus_.request(ReleaseServer{match}, Caller{}, Deadline::after(kRequestTimeout))) return;
  if (!store_.mark_released(match, Deadline::after(kRequestTimeout))) return;
  if (none_free_) sweep();
}

}  // namespace mm::session
