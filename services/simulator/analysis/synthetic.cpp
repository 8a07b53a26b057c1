#include "services/simulator/analysis/synthetic.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <queue>
#include <unordered_map>

#include "services/matchmaker/recording/file_writer.h"
#include "services/matchmaker/recording/recorded_pool.h"
#include "services/simulator/crowd/random.h"

namespace mm::simulator {
namespace {

using matchmaker::recording::LeaveReason;
using matchmaker::recording::RecordedPool;

constexpr matching::BucketMs kBegin = 1'800'000'000'000;
constexpr std::array<std::string_view, 3> kRegions{"eu-west", "us-east", "ap-south"};
constexpr double kIdleSeconds = 30;
constexpr double kShortestMatchSeconds = 180;
constexpr double kMatchSeconds = 150;  // in addition to the shortest, on average
constexpr double kGivesUp = 0.06;      // share of enqueued tickets
constexpr double kPatienceSeconds = 20;
constexpr double kRefused = 0.002;     // share of commits
constexpr double kNeverPlayed = 0.01;  // share of matches that are cancelled, so that their tickets are queued again
constexpr double kTellsLatencies = 0.25;

struct Group {
  std::vector<TicketPlayer> players;
  std::optional<PartyId> party;
  std::size_t bucket = 0;
  std::optional<Latencies> latencies;
  matching::PoolTicket ticket;
  bool queued = false;
};

struct Bucket {
  std::unique_ptr<RecordedPool> pool;
  double max_wait_seconds = 600;
};

enum class What { queues, gives_up, returns };

struct TimedEvent {
  std::int64_t tick = 0;
  std::uint64_t order = 0;
  What what = What::queues;
  std::size_t group = 0;
  TicketId ticket;  ///< for gives_up: ignored if the group has another ticket by then
  friend bool operator>(const TimedEvent& a, const TimedEvent& b) {
    return a.tick != b.tick ? a.tick > b.tick : a.order > b.order;
  }
};

class SyntheticWorld {
 public:
  SyntheticWorld(const Evening& evening, matchmaker::recording::EventEncoder& encoder)
      : evening_(evening), encoder_(encoder), random_(evening.seed) {
    make_buckets();
    make_groups();
  }

  EveningCounts run() {
    const auto ticks = static_cast<std::int64_t>(evening_.minutes * 60'000 / evening_.tick_ms);
    encoder_.open();
    for (tick_ = 0; tick_ <= ticks; ++tick_) {
      now_ = kBegin + tick_ * evening_.tick_ms;
      encoder_.tick(TimePoint(Milliseconds(now_)));
      ++counts_.ticks;
      for (; !coming_.empty() && coming_.top().tick <= tick_; coming_.pop()) happen(coming_.top());
      for (Bucket& bucket : buckets_) plan(bucket);
      if (tick_ % (1'000 / evening_.tick_ms) == 0) encoder_.flush();  // once a second, like the daemon
    }
    encoder_.flush();
    return counts_;
  }

 private:
  void make_buckets() {
    for (const ModeRules& rules : evening_.modes.all()) {
      const int size = rules.team_size_or_default(std::nullopt);
      for (const std::string_view region : kRegions) {
        const auto name = "default:" + rules.id.str() + ":" + std::string(region) + ":" + std::to_string(size);
        RecordedPool::Setup setup{rules, size, *Region::parse(region), true};
        buckets_.push_back({std::make_unique<RecordedPool>(name, std::move(setup), &encoder_), rules.max_wait_seconds});
      }
    }
  }

  Uuid fresh() {
    Uuid uuid;
    for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
      if (i % 8 == 0) bits_ = random_.next();
      uuid.bytes[i] = static_cast<std::uint8_t>(bits_ >> (i % 8 * 8));
    }
    uuid.bytes[6] = 0x70 | (uuid.bytes[6] & 0x0F);
    return uuid;
  }

  /// Draws an index; each one is half as probable as the one before.
  std::size_t falling(std::size_t many) {
    std::size_t chosen = 0;
    while (chosen + 1 < many && random_.uniform() < 0.5) ++chosen;
    return chosen;
  }

  void make_groups() {
    for (int left = evening_.players; left > 0;) {
      Group group;
      const std::size_t mode = falling(evening_.modes.all().size());
      const std::size_t region = falling(kRegions.size());
      group.bucket = mode * kRegions.size() + region;
      const int most = std::min(left, buckets_[group.bucket].pool->pool().team_size());
      const int size =
          random_.uniform() < 0.7 ? 1 : 1 + static_cast<int>(random_.below(static_cast<std::size_t>(most)));
      const double skill = 1500 + 300 * random_.normal();
      for (int i = 0; i < size; ++i) {
        const double mmr = std::clamp(size == 1 ? skill : skill + 60 * random_.normal(), 100.0, 3'500.0);
        const double deviation = std::min(350.0, 50 + random_.exponential(40));
        group.players.push_back({PlayerId(fresh()), std::round(mmr * 100) / 100, std::round(deviation * 100) / 100});
      }
      if (size > 1) group.party = PartyId(fresh());
      if (random_.uniform() < kTellsLatencies) {
        group.latencies.emplace();
        for (std::size_t i = 0; i < kRegions.size(); ++i) {
          (*group.latencies)[*Region::parse(kRegions[i])] =
              (i == region ? 15.0 : 90.0) + std::floor(random_.uniform() * 40);
        }
      }
      left -= size;
      groups_.push_back(std::move(group));
      after(random_.uniform() * 2 * kIdleSeconds, What::queues, groups_.size() - 1, {});
    }
  }

  void after(double seconds, What what, std::size_t group, TicketId ticket) {
    const auto ticks = static_cast<std::int64_t>(seconds * 1000 / evening_.tick_ms);
    coming_.push({tick_ + std::max<std::int64_t>(1, ticks), ++order_, what, group, ticket});
  }

  void happen(const TimedEvent& it) {
    Group& group = groups_[it.group];
    RecordedPool& pool = *buckets_[group.bucket].pool;
    if (it.what == What::gives_up) {
      if (!group.queued || group.ticket.id != it.ticket) return;
      pool.erase(it.ticket, LeaveReason::cancelled);
      leave(it.group, kIdleSeconds);
      return;
    }
    if (it.what == What::queues) {
      group.ticket = {TicketId(fresh()),
                      1,
                      0,
                      group.party,
                      group.players,
                      now_ - static_cast<matching::BucketMs>(random_.below(90)),
                      0,
                      group.latencies};
      const double wait = buckets_[group.bucket].max_wait_seconds;
      group.ticket.deadline = group.ticket.queued_at + static_cast<matching::BucketMs>(wait * 1000);
      if (random_.uniform() < kGivesUp) {
        after(random_.exponential(kPatienceSeconds), What::gives_up, it.group, group.ticket.id);
      }
    } else {
      ++group.ticket.attempt;
    }
    group.ticket.change = ++change_;
    group.queued = true;
    who_[group.ticket.id] = it.group;
    pool.upsert(group.ticket);
    ++counts_.queued;
  }

  void leave(std::size_t group, double seconds_in_the_mean) {
    groups_[group].queued = false;
    who_.erase(groups_[group].ticket.id);
    after(random_.exponential(seconds_in_the_mean), What::queues, group, {});
  }

  void plan(Bucket& bucket) {
    RecordedPool& pool = *bucket.pool;
    pool.before_plan();
    const matching::TickPlan plan = pool.plan(now_, workspace_);
    pool.after_plan(now_, plan);
    std::vector<TicketId> expired;
    for (const matching::Slot slot : plan.expired) expired.push_back(pool.pool().id(slot));
    for (const matching::PlannedMatch& match : plan.matches) {
      std::vector<TicketId> tickets;
      for (const matching::Seat& seat : plan.seats_of(match)) tickets.push_back(pool.pool().id(seat.slot));
      commit(pool, tickets);
    }
    for (const TicketId id : expired) {
      pool.erase(id, LeaveReason::timed_out);
      leave(who_.at(id), kIdleSeconds);
    }
  }

  void commit(RecordedPool& pool, const std::vector<TicketId>& tickets) {
    if (random_.uniform() < kRefused) {  // one ticket is gone, so the commit is refused: the others stay
      pool.erase(tickets.front(), LeaveReason::refused);
      return leave(who_.at(tickets.front()), kIdleSeconds);
    }
    ++counts_.matches;
    const bool played = random_.uniform() >= kNeverPlayed;
    const double takes = kShortestMatchSeconds + random_.exponential(kMatchSeconds);
    for (const TicketId id : tickets) {
      const std::size_t group = who_.at(id);
      pool.erase(id, LeaveReason::committed);
      groups_[group].queued = false;
      who_.erase(id);
      if (played) after(takes + random_.exponential(kIdleSeconds), What::queues, group, {});
      else after(1, What::returns, group, {});
    }
  }

  const Evening& evening_;
  matchmaker::recording::EventEncoder& encoder_;
  Random random_;
  std::uint64_t bits_ = 0;
  std::vector<Bucket> buckets_;
  std::vector<Group> groups_;
  std::unordered_map<TicketId, std::size_t> who_;
  std::priority_queue<TimedEvent, std::vector<TimedEvent>, std::greater<>> coming_;
  std::uint64_t order_ = 0;
  std::int64_t tick_ = 0;
  matching::BucketMs now_ = kBegin;
  std::int64_t change_ = 0;
  matching::Workspace workspace_;
  EveningCounts counts_;
};

}  // namespace

Result<EveningCounts, std::string> record_evening(const Evening& evening, const std::string& path) {
  auto file = matchmaker::recording::FileWriter::create(path, {"synthetic", TimePoint(Milliseconds(kBegin)), 1});
  if (!file) return fail(file.error());
  std::string failure;
  matchmaker::recording::EventEncoder encoder([&](std::string&& piece) {
    if (!failure.empty()) return;
    if (const auto written = file->write(piece); !written) failure = written.error();
  });
  EveningCounts counts;
  {
    SyntheticWorld night(evening, encoder);
    counts = night.run();
  }
  encoder.flush();
  if (failure.empty()) {
    if (const auto finished = file->finish(); !finished) failure = finished.error();
  }
  if (!failure.empty()) return fail(failure);
  counts.bytes = file->bytes();
  return counts;
}

}  // namespace mm::simulator
