// Limits that several parts of the platform share. A limit that only one service uses is defined in that service.
#pragma once

#include <chrono>
#include <cstddef>

namespace mm::limits {

// JSON documents from any sender.
inline constexpr std::size_t kMaxJsonDepth = 32;
inline constexpr std::size_t kMaxJsonNodes = 16'384;
inline constexpr std::size_t kMaxHttpBodyBytes = 64 * 1024;
/// Largest event with its headers that a stream stores.
inline constexpr std::size_t kMaxEventBytes = 1024 * 1024;
/// Largest NATS payload that is accepted or sent (max_payload in deployments/nats/nats.conf). A request that contains a
/// whole event as base64 fits.
inline constexpr std::size_t kMaxBusBodyBytes = 2 * 1024 * 1024;

// Matching.
inline constexpr int kMaxTeamSize = 100;
inline constexpr int kMaxTeams = 16;
inline constexpr int kMaxPartySize = 10;
inline constexpr std::size_t kMaxLatencyRegions = 32;
inline constexpr double kMaxRating = 10'000.0;
inline constexpr double kMaxDeviation = 1'000.0;

// Time.
inline constexpr std::chrono::milliseconds kRequestTimeout{2'000};
inline constexpr std::chrono::milliseconds kMaxRequestTimeout{30'000};

}  // namespace mm::limits
