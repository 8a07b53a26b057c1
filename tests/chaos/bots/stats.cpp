#include "tests/chaos/bots/stats.h"

#include <algorithm>
#include <cstdio>

namespace mm::chaos {
namespace {

std::uint32_t quantile(std::vector<std::uint32_t> sorted, double share) {
  if (sorted.empty()) return 0;
  std::sort(sorted.begin(), sorted.end());
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

std::int64_t in(const std::map<Phase, std::int64_t>& counts, Phase phase) {
  const auto found = counts.find(phase);
  return found == counts.end() ? 0 : found->second;
}

double seconds(Milliseconds time) { return static_cast<double>(time.count()) / 1000; }

}  // namespace

void Stats::record(std::string_view op, Phase phase, std::string_view code, Milliseconds took) {
  auto& entry = ops_[std::string(op)];
  ++entry.by_phase[phase];
  if (!code.empty()) ++entry.by_code[std::string(code)];
  entry.took_ms.push_back(static_cast<std::uint32_t>(took.count()));
  if (op == "connect") return;  // sockets have a limit of their own and are no requests
  ++attempts_;
  if (phase == Phase::info) ++unknown_;
}

void Stats::match_found(const std::string& match, SteadyPoint now) {
  if (!matches_.insert(match).second) return;
  if (matches_.size() > 1) look_at_gap(now);
  last_match_ = now;
}

void Stats::load_ended(SteadyPoint now) {
  if (!matches_.empty()) look_at_gap(now);
  loaded_ = false;
}

void Stats::look_at_gap(SteadyPoint now) {
  const auto gap = std::chrono::duration_cast<Milliseconds>(now - last_match_);
  if (!loaded_ || gap <= longest_gap_) return;
  longest_gap_ = gap;
  longest_gap_began_ = last_match_;
}

std::string Stats::summary() const {
  std::string out;
  char line[512];
  std::snprintf(line, sizeof line, "%-14s %8s %8s %8s %8s %8s  %s\n", "operation", "ok", "fail", "unknown", "p50 ms",
                "p99 ms", "refusals");
  out += line;
  for (const auto& [op, entry] : ops_) {
    std::string codes;
    for (const auto& [code, count] : entry.by_code) codes += code + " " + std::to_string(count) + "  ";
    std::snprintf(line, sizeof line, "%-14s %8lld %8lld %8lld %8u %8u  ", op.c_str(),
                  static_cast<long long>(in(entry.by_phase, Phase::ok)),
                  static_cast<long long>(in(entry.by_phase, Phase::fail)),
                  static_cast<long long>(in(entry.by_phase, Phase::info)), quantile(entry.took_ms, 0.5),
                  quantile(entry.took_ms, 0.99));
    out += line + codes + "\n";
  }
  std::snprintf(line, sizeof line, "%lld attempts, %lld with unknown outcome; %zu matches",
                static_cast<long long>(attempts_), static_cast<long long>(unknown_), matches_.size());
  out += line;
  if (matches_.size() > 1) {
    std::snprintf(line, sizeof line, "; the longest time without a new match was %.1f s, %.1f s after the start",
                  seconds(longest_gap_),
                  seconds(std::chrono::duration_cast<Milliseconds>(longest_gap_began_ - began_)));
    out += line;
  }
  return out + "\n";
}

}  // namespace mm::chaos
