// Limits that several parts of the platform share. A limit that only one service uses is defined in that service.
#pragma once

#include <chrono>
#include <cstddef>

namespace mm::limits {

// JSON documents from any sender.
inline constexpr std::size_t kJsonDepth = 32;
inline constexpr std::size_t kJsonNodes = 16'384;
inline constexpr std::size_t kHttpBodyBytes = 64 * 1024;
/// Largest NATS payload that is accepted or sent (the default of nats-server).
inline constexpr std::size_t kBusBodyBytes = 1024 * 1024;

// Matching.
inline constexpr int kTeamSizeMax = 100;
inline constexpr int kTeamsMax = 16;
inline constexpr int kPartySizeMax = 10;
inline constexpr std::size_t kLatencyRegionsMax = 32;
inline constexpr double kRatingMax = 10'000.0;
inline constexpr double kDeviationMax = 1'000.0;

// Time.
inline constexpr std::chrono::milliseconds kRequestDeadline{2'000};
inline constexpr std::chrono::milliseconds kRequestDeadlineMax{30'000};

}  // namespace mm::limits
