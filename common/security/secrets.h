// Random secrets, hashes and constant-time comparison. Only this folder uses OpenSSL.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mm::security {

/// `bytes` random bytes of the operating system, base64url without padding.
std::string random_token(std::size_t bytes);

std::string sha256_hex(std::string_view data);
std::string sha1_hex(std::string_view data);
/// Returns the raw 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view data);

std::string base64url_encode(std::string_view data);
/// Strict: no padding, no characters outside the alphabet, unused bits must be zero.
std::optional<std::string> base64url_decode(std::string_view text);

/// Whether the length and the content are equal. The time depends only on the lengths.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace mm::security
