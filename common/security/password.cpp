// bcrypt with crypt_rn, which is thread-safe if each call has its own crypt_data (32 KB, therefore on the heap).
#include "common/security/password.h"

#include <crypt.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "common/base/result.h"
#include "common/security/secrets.h"

namespace mm::security {
namespace {

// $2b$10$ + 22 characters of salt + 31 characters of hash.
constexpr std::size_t kHashLength = 60;
constexpr std::size_t kSettingLength = 29;
/// bcrypt ignores all later bytes, so a longer password would be equal to its beginning.
constexpr std::size_t kMaxPasswordBytes = 72;

/// Each step doubles the time: cost 14 takes a second, cost 31 would take days.
constexpr int kMinCost = 4;
constexpr int kMaxCost = 14;

int cost_of(std::string_view hash) { return (hash[4] - '0') * 10 + (hash[5] - '0'); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_of_bcrypt(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '/';
}

/// Whether a hash has the form and a cost that this class produces. Other hashes are refused before any hashing,
/// because someone who can write a hash could otherwise keep a core busy.
bool is_ours(std::string_view hash) {
  if (hash.size() != kHashLength || !hash.starts_with("$2b$") || hash[6] != '$') return false;
  if (!is_digit(hash[4]) || !is_digit(hash[5])) return false;
  if (cost_of(hash) < kMinCost || cost_of(hash) > kMaxCost) return false;
  return std::all_of(hash.begin() + 7, hash.end(), is_of_bcrypt);
}

bool is_password(const std::string& text) {
  return !text.empty() && text.size() <= kMaxPasswordBytes && text.find('\0') == std::string::npos;
}

std::optional<std::string> bcrypt(const std::string& password, const std::string& setting) {
  const auto data = std::make_unique<crypt_data>();
  const char* result = crypt_rn(password.c_str(), setting.c_str(), data.get(), static_cast<int>(sizeof(crypt_data)));
  if (result == nullptr) return std::nullopt;
  return std::string(result);
}

std::string fresh_setting(int cost) {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> out{};
  // Without given bytes, libxcrypt takes random bytes from the operating system.
  const char* setting =
      crypt_gensalt_rn("$2b$", static_cast<unsigned long>(cost), nullptr, 0, out.data(), static_cast<int>(out.size()));
  check(setting != nullptr, "no salt for a password");
  return setting;
}

}  // namespace

PasswordHasher::PasswordHasher(int cost) : cost_(cost) {
  check(cost >= kMinCost && cost <= kMaxCost, "the bcrypt cost is from 4 to 14");
  // A well-formed hash that matches no known password. Only its cost and form matter.
  dummy_hash_ = fresh_setting(cost).substr(0, kSettingLength) + std::string(kHashLength - kSettingLength, '.');
}

std::string PasswordHasher::hash(const std::string& password) const {
  check(is_password(password), "a password has 1 to 72 bytes and no NUL");
  auto hash = bcrypt(password, fresh_setting(cost_));
  check(hash && is_ours(*hash), "bcrypt gave no hash");
  return *std::move(hash);
}

bool PasswordHasher::verify(const std::string& password, const std::string& hash) const {
  if (!is_ours(hash)) return verify_unknown_user(password);
  // A text that cannot be a password takes the same time, but a match of its first 72 bytes must not be accepted.
  const bool possible = is_password(password);
  const auto computed = bcrypt(possible ? password : std::string("no password"), hash);
  return computed && equal_constant_time(*computed, hash) && possible;
}

bool PasswordHasher::verify_unknown_user(const std::string& password) const {
  const auto computed = bcrypt(is_password(password) ? password : std::string("no password"), dummy_hash_);
  // The comparison is made for its duration only. The result is false even if the computed hash were equal.
  static_cast<void>(computed && equal_constant_time(*computed, dummy_hash_));
  return false;
}

bool PasswordHasher::outdated(std::string_view hash) const { return !is_ours(hash) || cost_of(hash) != cost_; }

}  // namespace mm::security
