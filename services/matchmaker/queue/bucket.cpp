#include "services/matchmaker/queue/bucket.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace mm::matchmaker {

std::string Bucket::text() const {
  return tenant.str() + ':' + mode.str() + ':' + region.str() + ':' + std::to_string(team_size);
}

std::optional<Bucket> Bucket::parse(std::string_view text) {
  std::array<std::string_view, 4> parts;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    parts[i] = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  parts[3] = text;
  const auto tenant = Tenant::parse(parts[0]);
  const auto mode = Mode::parse(parts[1]);
  const auto region = Region::parse(parts[2]);
  int team_size = 0;
  const auto [end, error] = std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), team_size);
  if (!tenant || !mode || !region || error != std::errc() || end != parts[3].data() + parts[3].size() ||
      team_size < 1) {
    return std::nullopt;
  }
  return Bucket{*tenant, *mode, *region, team_size};
}

std::string partition_of(std::string_view bucket_text) {
  std::uint32_t hash = 2'166'136'261U;
  for (char c : bucket_text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 16'777'619U;
  }
  return std::to_string(hash % kPartitions);
}

}  // namespace mm::matchmaker
