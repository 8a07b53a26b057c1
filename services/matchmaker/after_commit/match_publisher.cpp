#include "services/matchmaker/after_commit/match_publisher.h"

#include <algorithm>
#include <map>

#include "common/contracts/frames.h"
#include "common/runtime/log.h"
#include "common/runtime/match_trace.h"

namespace mm::matchmaker {
namespace {

/// Limit of each queue of unsent items. While the bus is down no match is committed, so only a slow bus reaches it.
constexpr std::size_t kMaxUnsent = 20'000;
constexpr std::size_t kBatch = 256;
constexpr Milliseconds kStoreTimeout{1'000};
constexpr Milliseconds kRetryInterval{200};

void add_frames(const MatchFound& match, std::vector<bus::Notifier::Frame>& frames) {
  mm::frames::MatchFoundFrame frame;
  frame.match_id = match.match_id;
  frame.mode = match.mode;
  frame.region = match.region;
  frame.quality = match.quality;
  for (const auto& team : match.teams) {
    auto& ids = frame.teams.emplace_back();
    for (const auto& player : team.players) ids.push_back(player.player_id);
  }
  for (std::size_t team = 0; team < match.teams.size(); ++team) {
    frame.team = static_cast<int>(team);
    const auto text = wire::encode(frame);
    for (const auto& player : frame.teams[team]) frames.push_back({player, mm::frames::MatchFoundFrame::kEvent, text});
  }
}

void log_found(const MatchFound& match) {
  const trace::Scope scope(trace::of_match(match.match_id));
  std::size_t players = 0;
  for (const auto& team : match.teams) players += team.players.size();
  log::info("match_found", {{"match_id", match.match_id},
                            {"tenant", match.tenant},
                            {"mode", match.mode},
                            {"region", match.region},
                            {"players", players},
                            {"quality", match.quality}});
}

}  // namespace

MatchPublisher::MatchPublisher(bus::Bus& bus, bus::Notifier& notifier, Metrics& metrics)
    : bus_(bus),
      notifier_(notifier),
      metrics_(metrics),
      notifications_({.queued = kMaxUnsent, .batch = kBatch}, metrics.notifications_dropped,
                     [this](const auto& batch) { send_notifications(batch); }),
      stream_writer_(kRetryInterval, [this] { store_events(); }) {}

// Publishes what is left at shutdown, so that matches committed by a draining daemon are published.
MatchPublisher::~MatchPublisher() {
  stream_writer_.stop();
  store_events();
}

void MatchPublisher::announce(std::vector<MatchFound> matches) {
  for (const auto& match : matches) log_found(match);
  {
    const MutexLock lock(mutex_);
    for (const auto& match : matches) {
      if (unstored_.size() < kMaxUnsent) unstored_.push_back(match);
      remember_announced(match.match_id);
    }
  }
  for (auto& match : matches) notifications_.add(std::move(match));
  stream_writer_.wake();
}

void MatchPublisher::announce_if_new(const MatchFound& match) {
  {
    const MutexLock lock(mutex_);
    if (unstored_.size() < kMaxUnsent) unstored_.push_back(match);
    if (remember_announced(match.match_id)) notifications_.add(match);
  }
  metrics_.republished.add();
  stream_writer_.wake();
}

void MatchPublisher::notify_cancelled(const MatchFound& match, CancelReason reason,
                                      const std::vector<TicketId>& requeued) {
  Frames cancelled{match.tenant, {}};
  for (const auto& team : match.teams) {
    for (const auto& player : team.players) {
      const bool searches =
          player.ticket_id && std::find(requeued.begin(), requeued.end(), *player.ticket_id) != requeued.end();
      const mm::frames::MatchCancelledFrame data{match.match_id, reason, searches};
      cancelled.frames.push_back({player.player_id, mm::frames::MatchCancelledFrame::kEvent, wire::encode(data)});
    }
  }
  notifications_.add(std::move(cancelled));
}

/// False: it was announced before.
bool MatchPublisher::remember_announced(MatchId match) {
  if (!announced_.insert(match).second) return false;
  announced_order_.push_back(match);
  if (announced_order_.size() > kMaxUnsent) {
    announced_.erase(announced_order_.front());
    announced_order_.pop_front();
  }
  return true;
}

void MatchPublisher::depths(std::vector<QueueChanged> changes) {
  for (auto& change : changes) notifications_.add(std::move(change));
}

void MatchPublisher::send_notifications(const std::vector<Notification>& batch) {
  std::map<Tenant, std::vector<bus::Notifier::Frame>> frames;
  for (const auto& notification : batch) {
    if (const auto* match = std::get_if<MatchFound>(&notification)) {
      add_frames(*match, frames[match->tenant]);
    } else if (const auto* of_match = std::get_if<Frames>(&notification)) {
      auto& of_tenant = frames[of_match->tenant];
      of_tenant.insert(of_tenant.end(), of_match->frames.begin(), of_match->frames.end());
    } else {
      // Not repeated after an error: the next change is published within a second.
      (void)bus_.publish(std::get<QueueChanged>(notification));
    }
  }
  for (const auto& [tenant, of_tenant] : frames) notifier_.send(tenant, of_tenant);
}

// An event is always sent under the same id, so the stream drops duplicates.
void MatchPublisher::store_events() {
  for (;;) {
    std::deque<MatchFound> batch;
    {
      const MutexLock lock(mutex_);
      while (!unstored_.empty() && batch.size() < kBatch) {
        batch.push_back(std::move(unstored_.front()));
        unstored_.pop_front();
      }
    }
    if (batch.empty()) return;
    std::vector<bus::Bus::Outgoing> events;
    for (const auto& match : batch) {
      events.push_back({MatchFound::kSubject.text, wire::encode(match), match.match_id.to_string() + ".0",
                        trace::of_match(match.match_id)});
    }
    const auto stored = bus_.store_all(events, Deadline::after(kStoreTimeout));
    bool failed = false;
    const MutexLock lock(mutex_);
    for (std::size_t i = batch.size(); i-- > 0;) {
      if (stored[i].ok()) continue;
      failed = true;
      metrics_.store_failures.add();
      unstored_.push_front(std::move(batch[i]));
    }
    if (failed) return;
  }
}

}  // namespace mm::matchmaker
