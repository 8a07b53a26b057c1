#include "tests/chaos/checker/run/timeline.h"

#include <algorithm>
#include <utility>

namespace mm::chaos {

Timeline::Timeline(std::vector<Fault> faults) : faults_(std::move(faults)) {
  std::sort(faults_.begin(), faults_.end(), [](const Fault& a, const Fault& b) { return a.begin_ms < b.begin_ms; });
  for (const auto& fault : faults_) {
    if (!spans_.empty() && fault.begin_ms <= spans_.back().end) {
      spans_.back().end = std::max(spans_.back().end, fault.end_ms);
    } else {
      const auto before = spans_.empty() ? 0 : spans_.back().before + (spans_.back().end - spans_.back().begin);
      spans_.push_back({fault.begin_ms, fault.end_ms, before});
    }
  }
}

std::int64_t Timeline::disturbed_until(std::int64_t time) const {
  const auto next = std::upper_bound(spans_.begin(), spans_.end(), time,
                                     [](std::int64_t when, const Span& span) { return when < span.begin; });
  if (next == spans_.begin()) return 0;
  const auto& span = *std::prev(next);
  return span.before + std::min(time, span.end) - span.begin;
}

std::int64_t Timeline::disturbed_ms(std::int64_t from, std::int64_t to) const {
  return to <= from ? 0 : disturbed_until(to) - disturbed_until(from);
}

bool Timeline::calm(std::int64_t from, std::int64_t to) const {
  const auto next = std::upper_bound(spans_.begin(), spans_.end(), to,
                                     [](std::int64_t when, const Span& span) { return when < span.begin; });
  return next == spans_.begin() || std::prev(next)->end < from;
}

bool Timeline::any_after(std::int64_t from, const std::vector<std::string_view>& ids) const {
  return any_between(from, kNever, ids);
}

bool Timeline::any_between(std::int64_t from, std::int64_t to, const std::vector<std::string_view>& ids) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    const bool named = std::any_of(ids.begin(), ids.end(),
                                   [&](std::string_view id) { return fault.id.compare(0, id.size(), id) == 0; });
    return named && fault.end_ms >= from && fault.begin_ms <= to;
  });
}

}  // namespace mm::chaos
