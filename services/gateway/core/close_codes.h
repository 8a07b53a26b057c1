// The codes and reasons with which the gateway closes a WebSocket.
#pragma once

#include <cstdint>
#include <string_view>

namespace mm::gateway {

namespace close_codes {
inline constexpr std::uint16_t kRestarting = 1012;
inline constexpr std::uint16_t kTryLater = 1013;
inline constexpr std::uint16_t kBadFrame = 4400;
inline constexpr std::uint16_t kNotAuthenticated = 4401;
inline constexpr std::uint16_t kNotMember = 4403;
inline constexpr std::uint16_t kNoHello = 4408;
inline constexpr std::uint16_t kReplaced = 4409;
inline constexpr std::uint16_t kTooSlow = 4413;
inline constexpr std::uint16_t kTooMany = 4429;
}  // namespace close_codes

inline constexpr std::string_view kLoginEnded = "login ended";

}  // namespace mm::gateway
