#include "services/matchmaker/waits/estimates.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <limits>
#include <utility>

namespace mm::matchmaker {
namespace {

constexpr double kCellPoints = 100;
/// The total weight of matched tickets that is enough for a rating; with less, cells farther away are added.
constexpr double kEnough = 40;
/// The weight factor per cell of distance, and the weight of tickets of another size.
constexpr double kPerCell = 0.6;
constexpr double kOtherSize = 0.3;
/// With less matched weight than kFew, the wait that the mode's rules suggest is mixed in, at first with
/// kExpectedWeight.
constexpr double kFew = 16;
constexpr double kExpectedWeight = 4;
/// Beyond the oldest age observed, the share of waiting tickets halves with each 1.41-fold of the age.
constexpr double kTailPower = 2;

/// A period of the last minutes and its weight.
struct Period {
  BucketMs begin_ms;  ///< milliseconds before now
  BucketMs end_ms;
  double weight;
};
constexpr std::array kPeriods{Period{0, 60'000, 1.0}, Period{60'000, 240'000, 0.6}, Period{240'000, 600'000, 0.3}};
constexpr BucketMs kRecentPeriod = kPeriods.back().end_ms;
/// A ring buffer that is filled in less time counts as covering at least this time; it then holds a sample of that
/// time.
constexpr BucketMs kMinCovered = 1'000;

std::size_t cell_of(double rating) {
  return static_cast<std::size_t>(std::clamp(std::floor(rating / kCellPoints), 0.0, WaitEstimates::kCells - 1.0));
}

std::int32_t wait_of(BucketMs waited_ms) {
  return static_cast<std::int32_t>(std::clamp<BucketMs>(waited_ms, 0, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

WaitCurve WaitCurve::through(const WaitEstimate& known, double longest_ms) {
  WaitCurve curve;
  curve.steps_ = {{known.p50_ms, 0.5}, {std::max(known.p50_ms, known.p90_ms), 0.1}};
  curve.end_ms_ = std::max(1.0, curve.steps_.back().age_ms);
  curve.longest_ms_ = longest_ms;
  return curve;
}

WaitCurve WaitCurve::expected(const ModeRules& rules) {
  const double opens_ms = rules.widen_seconds * 1000;
  return through({opens_ms / 2, opens_ms}, rules.max_wait_seconds * 1000);
}

// Of m waits in order, the k-th is an estimate of the quantile k / (m + 1), not k / m. So with few observations the
// quantiles are moved outwards a little.
WaitEstimate WaitCurve::remaining(double waited_ms) const {
  const double waited = std::max(0.0, waited_ms);
  const double waiting = waiting_at(waited);
  const double left = std::max(0.0, longest_ms_ - waited);
  const auto quantile = [&](double share) {
    const double moved = std::min(share * (observed_ + 1) / observed_, 0.98);
    return std::clamp(age_at(waiting * (1 - moved)) - waited, 0.0, left);
  };
  return {quantile(0.5), quantile(0.9)};
}

double WaitCurve::waiting_at(double age_ms) const {
  if (age_ms > end_ms_) return steps_.back().waiting * std::pow(end_ms_ / age_ms, kTailPower);
  const auto after =
      std::upper_bound(steps_.begin(), steps_.end(), age_ms, [](double age, const Step& s) { return age < s.age_ms; });
  return after == steps_.begin() ? 1 : std::prev(after)->waiting;
}

double WaitCurve::age_at(double waiting) const {
  constexpr double kRounding = 1e-9;
  const auto step = std::partition_point(steps_.begin(), steps_.end(),
                                         [&](const Step& s) { return s.waiting > waiting + kRounding; });
  if (step != steps_.end()) return step->age_ms;
  return end_ms_ * std::pow(steps_.back().waiting / waiting, 1 / kTailPower);
}

/// Collects intervals and computes the curve from them.
class WaitEstimates::Tally {
 public:
  void add(const Interval& interval) {
    intervals_.push_back(interval);
    if (!interval.matched) return;
    matched_ += interval.weight;
    squares_ += interval.weight * interval.weight;
  }
  double matched() const { return matched_; }
  bool empty() const { return intervals_.empty(); }

  void curve(WaitCurve& curve) {
    // Sort the intervals by begin and by end. At one age, a ticket that leaves still counts as waiting; one that enters
    // does not.
    std::vector<const Interval*> begins, ends;
    for (const Interval& interval : intervals_) begins.push_back(&interval), ends.push_back(&interval);
    std::sort(begins.begin(), begins.end(), [](auto* a, auto* b) { return a->from_ms < b->from_ms; });
    std::sort(ends.begin(), ends.end(), [](auto* a, auto* b) { return a->to_ms < b->to_ms; });
    curve.steps_.clear();
    double present = 0, waiting = 1;
    auto begin = begins.begin();
    for (auto end = ends.begin(); end != ends.end();) {
      const double age = (*end)->to_ms;
      for (; begin != begins.end() && (*begin)->from_ms < age; ++begin) present += (*begin)->weight;
      double matched = 0, gone = 0;
      int matches = 0;
      for (; end != ends.end() && (*end)->to_ms == age; ++end) {
        gone += (*end)->weight;
        if ((*end)->matched) matched += (*end)->weight, ++matches;
      }
      // If all remaining tickets are matched, the share would fall to 0 and stay there, whatever was observed at higher
      // ages. So of n + 1 tickets, one more than were matched, one is assumed to wait on.
      if (matches > 0) {
        waiting *= std::max(1.0 / (matches + 1), 1 - matched / std::max(present, matched));
        curve.steps_.push_back({age, waiting});
      }
      present = std::max(0.0, present - gone);
    }
    if (curve.steps_.empty()) curve.steps_.push_back({0, 1});
    curve.end_ms_ = ends.empty() ? 1 : std::max(1.0, ends.back()->to_ms);
    curve.observed_ = squares_ > 0 ? std::max(1.0, matched_ * matched_ / squares_) : 1;
  }

 private:
  std::vector<Interval> intervals_;
  double matched_ = 0;
  double squares_ = 0;
};

WaitEstimates::WaitEstimates(const ModeRules& rules)
    : expected_(WaitCurve::expected(rules)), cells_(static_cast<std::size_t>(kCells)) {}

void WaitEstimates::matched(double rating, int size, BucketMs waited_ms, BucketMs at) {
  end(rating, {at, wait_of(waited_ms), static_cast<std::uint8_t>(size), true});
}

void WaitEstimates::departed(double rating, int size, BucketMs waited_ms, BucketMs at) {
  end(rating, {at, wait_of(waited_ms), static_cast<std::uint8_t>(size), false});
}

void WaitEstimates::end(double rating, const Sample& sample) {
  if (began_ == kNotBegun) began_ = sample.at - sample.waited_ms;
  Cell& cell = cells_[cell_of(rating)];
  if (cell.ended.size() < kEndedPerCell) {
    cell.ended.push_back(sample);
  } else {
    cell.ended[cell.next] = sample;
    cell.next = (cell.next + 1) % kEndedPerCell;
  }
}

WaitingSample::WaitingSample() : cells_(static_cast<std::size_t>(WaitEstimates::kCells)) {}

// When a cell is full, drops every other ticket, and from then on each kept ticket stands for twice as many.
void WaitingSample::add(double rating, int size, BucketMs waited_ms) {
  constexpr std::size_t kKept = WaitEstimates::kWaitingPerCell;
  Cell& cell = cells_[cell_of(rating)];
  if (++cell.skipped < cell.stands_for) return;
  cell.skipped = 0;
  cell.kept.push_back({wait_of(waited_ms), static_cast<std::uint8_t>(size)});
  if (cell.kept.size() < 2 * kKept) return;
  for (std::size_t i = 0; i < kKept; ++i) cell.kept[i] = cell.kept[2 * i + 1];
  cell.kept.resize(kKept);
  cell.stands_for *= 2;
}

void WaitEstimates::waiting(WaitingSample sample, BucketMs at) {
  if (began_ == kNotBegun) began_ = at;
  seen_at_ = at;
  waiting_ = std::move(sample);
}

WaitCurve WaitEstimates::curve(double rating, int size, BucketMs now) const {
  const int own = static_cast<int>(cell_of(rating));
  Tally tally;
  double weight = 1;
  for (int away = 0; away <= kCellsEachWay && tally.matched() < kEnough; ++away, weight *= kPerCell) {
    for (const int cell : {own - away, own + away}) {
      if (cell < 0 || cell >= kCells || (away == 0 && cell == own && !tally.empty())) continue;
      gather(static_cast<std::size_t>(cell), size, weight, now, tally);
      if (away == 0) break;
    }
  }
  if (tally.empty()) return expected_;
  const double missing = kExpectedWeight * std::max(0.0, 1 - tally.matched() / kFew);
  if (missing > 0) {
    const double half = expected_.steps_[0].age_ms, all = expected_.steps_[1].age_ms;
    for (const auto& [age, share] : {std::pair{half, 0.5}, std::pair{all, 0.4}, std::pair{2 * all, 0.1}}) {
      tally.add({-1, age, missing * share, true});
    }
  }
  WaitCurve curve = expected_;
  tally.curve(curve);
  return curve;
}

WaitEstimate WaitEstimates::overall(BucketMs now) const {
  Tally tally;
  for (std::size_t cell = 0; cell < cells_.size(); ++cell) gather(cell, 0, 1, now, tally);
  if (tally.matched() <= 0) return {};
  WaitCurve curve = expected_;
  tally.curve(curve);
  return curve.remaining(0);
}

// A full ring buffer holds nothing from before its oldest entry.
void WaitEstimates::gather(std::size_t at, int size, double weight, BucketMs now, Tally& tally) const {
  const Cell& cell = cells_[at];
  BucketMs known_from = std::max(began_, now - kRecentPeriod);
  if (cell.ended.size() == kEndedPerCell) {
    known_from = std::max(known_from, std::min(cell.ended[cell.next].at, now - kMinCovered));
  }
  const auto weigh = [&](int own) { return own == size || size == 0 ? weight : weight * kOtherSize; };
  for (const Sample& sample : cell.ended) cut(sample, known_from, weigh(sample.size), now, tally);
  const auto& waiting = waiting_.cells_[at];
  for (const auto& one : waiting.kept) {
    cut({seen_at_, one.waited_ms, one.size, false}, known_from, weigh(one.size) * waiting.stands_for, now, tally);
  }
}

std::vector<WaitEstimates::Kind> WaitEstimates::kinds(BucketMs now) const {
  constexpr auto kCellsAStep = static_cast<std::size_t>(kSteps / kCellPoints);
  constexpr std::size_t kSizes = 64;
  std::vector<Kind> found;
  for (std::size_t step = 0; step < cells_.size() / kCellsAStep; ++step) {
    std::bitset<kSizes> sizes;
    for (std::size_t cell = step * kCellsAStep; cell < (step + 1) * kCellsAStep; ++cell) {
      for (const Sample& sample : cells_[cell].ended) {
        if (now - sample.at < kRecentPeriod) sizes.set(sample.size % kSizes);
      }
      for (const auto& one : waiting_.cells_[cell].kept) sizes.set(one.size % kSizes);
    }
    for (std::size_t size = 1; size < kSizes; ++size) {
      if (sizes.test(size)) found.push_back({(static_cast<double>(step) + 0.5) * kSteps, static_cast<int>(size)});
    }
  }
  return found;
}

// Adds one interval for each period that the wait overlaps. If a ticket was in the last waiting sample and has ended
// since, the part up to that sample is already counted there.
void WaitEstimates::cut(const Sample& sample, BucketMs known_from, double weight, BucketMs now, Tally& tally) const {
  const BucketMs queued_at = sample.at - sample.waited_ms;
  const BucketMs from =
      std::max({queued_at, known_from, sample.at > seen_at_ && queued_at < seen_at_ ? seen_at_ : queued_at});
  for (const Period& period : kPeriods) {
    const BucketMs begin = std::max(from, now - period.end_ms);
    const bool latest = period.begin_ms == 0;
    const BucketMs end = latest ? sample.at : std::min(sample.at, now - period.begin_ms);
    const bool ends_here = end == sample.at && sample.at > now - period.end_ms;
    if (end < begin || (end == begin && !(ends_here && begin == queued_at))) continue;
    const double since = begin == queued_at ? -1.0 : static_cast<double>(begin - queued_at);
    tally.add({since, static_cast<double>(end - queued_at), weight * period.weight, sample.matched && ends_here});
  }
}

}  // namespace mm::matchmaker
