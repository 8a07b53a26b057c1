// A bucket: the tickets that may play with each other. Its text names it in the queue's keys, in answers and in logs.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "common/contracts/names.h"

namespace mm::matchmaker {

/// How the work is divided among instances: each partition of each tenant has one owner.
inline constexpr int kPartitions = 16;
/// The partition without buckets: its owner relays the tenant's events, sweeps, and asks sessions about live matches.
inline constexpr std::string_view kHousePartition = "house";

struct Bucket {
  Tenant tenant;
  Mode mode;
  Region region;
  int team_size = 1;

  friend auto operator<=>(const Bucket&, const Bucket&) = default;

  /// tenant:mode:region:team_size
  std::string text() const;
  static std::optional<Bucket> parse(std::string_view text);
};

/// "0" to "15": FNV-1a of the bucket's text. Every instance and every version must agree on it.
std::string partition_of(std::string_view bucket_text);

}  // namespace mm::matchmaker
