// A bucket is a set of queued tickets that may play with each other. Its text names it in Redis keys, replies and logs.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "common/contracts/names.h"
#include "services/matchmaker/matching/ticket/ticket.h"

namespace mm::matchmaker {

using matching::BucketMs;

/// The number of partitions per tenant. Each partition has one owner, so this divides the work among the instances.
inline constexpr int kPartitions = 16;
/// The maintenance partition of a tenant has no buckets. Its owner relays the tenant's events, sweeps ended tickets,
/// and asks session about live matches. Redis keys contain this name.
inline constexpr std::string_view kMaintenancePartition = "house";

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

/// "0" to "15": FNV-1a of the bucket's text, modulo kPartitions. All instances of all versions must agree on it.
std::string partition_of(std::string_view bucket_text);

}  // namespace mm::matchmaker
