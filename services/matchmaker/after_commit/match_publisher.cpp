#include "services/matchmaker/after_commit/match_publisher.h"

#include <algorithm>
#include <iterator>

#include "common/contracts/frames.h"
#include "common/runtime/log.h"
#include "common/runtime/match_trace.h"

namespace mm::matchmaker {
namespace {

/// Limit of each queue of unsent items. While the bus is down no match is committed, so only a slow bus reaches it.
constexpr std::size_t kWaitingMax = 20'000;
constexpr std::size_t kStoredAtOnce = 256;
constexpr Milliseconds kStoreDeadline{1'000};
constexpr Milliseconds kRetryEvery{200};

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
      teller_(kRetryEvery, [this] { tell_players(); }),
      stream_writer_(kRetryEvery, [this] { store_events(); }) {}

// Publishes what is left at shutdown, so that matches committed by a draining daemon are published.
MatchPublisher::~MatchPublisher() {
  teller_.stop();
  stream_writer_.stop();
  tell_players();
  store_events();
}

void MatchPublisher::announce(std::vector<MatchFound> matches) {
  for (const auto& match : matches) log_found(match);
  {
    const std::lock_guard lock(mutex_);
    for (auto& match : matches) {
      if (unstored_.size() < kWaitingMax) unstored_.push_back(match);
      remember_told(match.match_id);
      if (unnotified_.size() < kWaitingMax) unnotified_.push_back(std::move(match));
    }
  }
  teller_.wake();
  stream_writer_.wake();
}

void MatchPublisher::announce_if_new(const MatchFound& match) {
  {
    const std::lock_guard lock(mutex_);
    if (unstored_.size() < kWaitingMax) unstored_.push_back(match);
    if (!told_.contains(match.match_id)) {
      remember_told(match.match_id);
      unnotified_.push_back(match);
    }
  }
  metrics_.republished.add();
  teller_.wake();
  stream_writer_.wake();
}

void MatchPublisher::notify_cancelled(const MatchFound& match, CancelReason reason, const std::vector<TicketId>& requeued) {
  Frames exported{match.tenant, {}};
  for (const auto& team : match.teams) {
    for (const auto& player : team.players) {
      const bool searches =
          player.ticket_id && std::find(requeued.begin(), requeued.end(), *player.ticket_id) != requeued.end();
      const mm::frames::MatchCancelledFrame data{match.match_id, reason, searches};
      exported.frames.push_back({player.player_id, mm::frames::MatchCancelledFrame::kEvent, wire::encode(data)});
    }
  }
  {
    const std::lock_guard lock(mutex_);
    if (frames_.size() < kWaitingMax) frames_.push_back(std::move(exported));
  }
  teller_.wake();
}

void MatchPublisher::remember_told(MatchId match) {
  if (!told_.insert(match).second) return;
  told_order_.push_back(match);
  if (told_order_.size() <= kWaitingMax) return;
  told_.erase(told_order_.front());
  told_order_.pop_front();
}

void MatchPublisher::depths(std::vector<QueueChanged> changes) {
  {
    const std::lock_guard lock(mutex_);
    if (depths_.size() >= kWaitingMax) depths_.clear();
    std::move(changes.begin(), changes.end(), std::back_inserter(depths_));
  }
  teller_.wake();
}

void MatchPublisher::tell_players() {
  std::vector<MatchFound> matches;
  std::vector<QueueChanged> depths;
  std::vector<Frames> exported;
  {
    const std::lock_guard lock(mutex_);
    matches.swap(unnotified_);
    depths.swap(depths_);
    exported.swap(frames_);
  }
  std::map<Tenant, std::vector<bus::Notifier::Frame>> frames;
  for (const auto& match : matches) add_frames(match, frames[match.tenant]);
  for (const auto& [tenant, of_tenant] : frames) notifier_.send(tenant, of_tenant);
  for (const auto& [tenant, of_match] : exported) notifier_.send(tenant, of_match);
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
      while (!unstored_.empty() && batch.size() < kStoredAtOnce) {
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
    const auto stored = bus_.store_all(events, Deadline::after(kStoreDeadline));
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
