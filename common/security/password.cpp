// bcrypt through crypt_rn, which is thread-safe with a crypt_data of its own (32 KB, so on the heap).
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

// $2b$10$ + 22 characters of salt + 31 of hash.
constexpr std::size_t kHashLength = 60;
constexpr std::size_t kSettingLength = 29;
/// bcrypt reads no further, and would take a longer password for its beginning.
constexpr std::size_t kPasswordBytesMax = 72;

/// One more doubles the time: cost 14 takes a second, 31 would take a core for days.
constexpr int kCostLeast = 4;
constexpr int kCostMost = 14;

int cost_of(std::string_view hash) { return (hash[4] - '0') * 10 + (hash[5] - '0'); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_of_bcrypt(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '/';
}

/// Of the form we make, at a cost we would make. Everything else is refused before any hashing: whoever can write a hash
/// could otherwise keep a core busy with it.
bool is_ours(std::string_view hash) {
  if (hash.size() != kHashLength || !hash.starts_with("$2b$") || hash[6] != '$') return false;
  if (!is_digit(hash[4]) || !is_digit(hash[5])) return false;
  if (cost_of(hash) < kCostLeast || cost_of(hash) > kCostMost) return false;
  return std::all_of(hash.begin() + 7, hash.end(), is_of_bcrypt);
}

bool is_password(const std::string& text) {
  return !text.empty() && text.size() <= kPasswordBytesMax && text.find('\0') == std::string::npos;
}

std::optional<std::string> bcrypt(const std::string& password, const std::string& setting) {
  const auto data = std::make_unique<crypt_data>();
  const char* result = crypt_rn(password.c_str(), setting.c_str(), data.get(), static_cast<int>(sizeof(crypt_data)));
  if (result == nullptr) return std::nullopt;
  return std::string(result);
}

std::string fresh_setting(int cost) {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> out{};
  // No bytes given: libxcrypt asks the operating system for them.
  const char* setting =
      crypt_gensalt_rn("$2b$", static_cast<unsigned long>(cost), nullptr, 0, out.data(), static_cast<int>(out.size()));
  check(setting != nullptr, "no salt for a password");
  return setting;
}

}  // namespace

PasswordHasher::PasswordHasher(int cost) : cost_(cost) {
  check(cost >= kCostLeast && cost <= kCostMost, "the bcrypt cost is from 4 to 14");
  // A well-formed hash of no known password; only its cost and its form matter.
  nobody_ = fresh_setting(cost).substr(0, kSettingLength) + std::string(kHashLength - kSettingLength, '.');
}

std::string PasswordHasher::hash(const std::string& password) const {
  check(is_password(password), "a password has 1 to 72 bytes and no NUL");
  auto hash = bcrypt(password, fresh_setting(cost_));
  check(hash && is_ours(*hash), "bcrypt gave no hash");
  return *std::move(hash);
}

bool PasswordHasher::verify(const std::string& password, const std::string& hash) const {
  if (!is_ours(hash)) return verify_nobody(password);
  // A text that cannot be a password takes the same time, but its beginning must not open anything.
  const bool possible = is_password(password);
  const auto computed = bcrypt(possible ? password : std::string("no password"), hash);
  return computed && equal_constant_time(*computed, hash) && possible;
}

bool PasswordHasher::verify_nobody(const std::string& password) const {
  const auto computed = bcrypt(is_password(password) ? password : std::string("no password"), nobody_);
  // The comparison is made for its time; the answer is no even if a hash of dots were ever met.
  static_cast<void>(computed && equal_constant_time(*computed, nobody_));
  return false;
}

bool PasswordHasher::outdated(std::string_view hash) const { return !is_ours(hash) || cost_of(hash) != cost_; }

}  // namespace mm::security
