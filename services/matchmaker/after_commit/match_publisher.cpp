#include "services/matchmaker/after_commit/match_publisher.h"

#include <algorithm>
#include <iterator>

#include "common/contracts/frames.h"
#include "common/runtime/log.h"
#include "common/runtime/match_trace.h"

namespace mm::matchmaker {
namespace {

/// Limit of each queue of unsent items. While the bus is down no match is committed, so only a slow bus reaches it.
constexpr std::size_t kMaxUnsent = 20'000;
constexpr std::size_t kStoreBatch = 256;
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

MatchPublisher::MatchPublisher(bus::Bus& bus, bus::Notifier& notifier, const Clock& clock, Metrics& metrics)
    : bus_(bus),
      notifier_(notifier),
      clock_(clock),
      metrics_(metrics),
      frame_sender_(kRetryInterval, [this] { send_frames(); }),
      stream_writer_(kRetryInterval, [this] { store_events(); }) {}

// Publishes what is left at shutdown, so that matches committed by a draining daemon are published.
MatchPublisher::~MatchPublisher() {
  frame_sender_.stop();
  stream_writer_.stop();
  send_frames();
  store_events();
}

void MatchPublisher::announce(std::vector<MatchFound> matches) {
  for (const auto& match : matches) log_found(match);
  {
    const std::lock_guard lock(mutex_);
    for (auto& match : matches) {
      if (unstored_.size() < kMaxUnsent) unstored_.push_back(match);
      remember_announced(match.match_id);
      if (unsent_.size() < kMaxUnsent) unsent_.push_back(std::move(match));
    }
  }
  frame_sender_.wake();
  stream_writer_.wake();
}

void MatchPublisher::announce_if_new(const MatchFound& match) {
  {
    const std::lock_guard lock(mutex_);
    if (unstored_.size() < kMaxUnsent) unstored_.push_back(match);
    if (!announced_.contains(match.match_id)) {
      remember_announced(match.match_id);
      unsent_.push_back(match);
    }
  }
  metrics_.republished.add();
  frame_sender_.wake();
  stream_writer_.wake();
}

void MatchPublisher::notify_cancelled(const MatchFound& match, CancelReason reason, const std::vector<TicketId>& requeued) {
  Frames cancelled{match.tenant, {}};
  for (const auto& team : match.teams) {
    for (const auto& player : team.players) {
      const bool searches =
          player.ticket_id && std::find(requeued.begin(), requeued.end(), *player.ticket_id) != requeued.end();
      const mm::frames::MatchCancelledFrame data{match.match_id, reason, searches};
      cancelled.frames.push_back({player.player_id, mm::frames::MatchCancelledFrame::kEvent, wire::encode(data)});
    }
  }
  {
    const std::lock_guard lock(mutex_);
    if (frames_.size() < kMaxUnsent) frames_.push_back(std::move(cancelled));
  }
  frame_sender_.wake();
}

void MatchPublisher::remember_announced(MatchId match) {
  if (!announced_.insert(match).second) return;
  announced_order_.push_back(match);
  if (announced_order_.size() <= kMaxUnsent) return;
  announced_.erase(announced_order_.front());
  announced_order_.pop_front();
}

void MatchPublisher::depths(std::vector<QueueChanged> changes) {
  {
    const std::lock_guard lock(mutex_);
    if (depths_.size() >= kMaxUnsent) depths_.clear();
    std::move(changes.begin(), changes.end(), std::back_inserter(depths_));
  }
  frame_sender_.wake();
}

void MatchPublisher::send_frames() {
  std::vector<MatchFound> matches;
  std::vector<QueueChanged> depths;
  std::vector<Frames> cancelled;
  {
    const std::lock_guard lock(mutex_);
    matches.swap(unsent_);
    depths.swap(depths_);
    cancelled.swap(frames_);
  }
  std::map<Tenant, std::vector<bus::Notifier::Frame>> frames;
  for (const auto& match : matches) add_frames(match, frames[match.tenant]);
  for (const auto& [tenant, of_tenant] : frames) notifier_.send(tenant, of_tenant);
  for (const auto& [tenant, of_match] : cancelled) notifier_.send(tenant, of_match);
  for (const auto& change : depths) {
    // Not repeated after an error: the next change is published within a second.
    if (!bus_.publish(change)) break;
  }
}

// An event is always sent under the same id, so the stream drops duplicates.
void MatchPublisher::store_events() {
  for (;;) {
    std::deque<MatchFound> batch;
    {
      const std::lock_guard lock(mutex_);
      while (!unstored_.empty() && batch.size() < kStoreBatch) {
        batch.push_back(std::move(unstored_.front()));
        unstored_.pop_front();
      }
    }
    if (batch.empty()) return;
    std::vector<bus::Bus::Outgoing> events;
    for (const auto& match : batch) {
      events.push_back(
          {MatchFound::kSubject.text, wire::encode(match), match.match_id.to_string() + ".0", trace::of_match(match.match_id)});
    }
    const auto stored = bus_.store_all(events, Deadline::after(kStoreTimeout));
    bool failed = false;
    const std::lock_guard lock(mutex_);
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
