#include "common/security/signature.h"

#include <openssl/evp.h>

#include "common/security/secrets.h"

namespace mm::security {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

struct ContextRelease {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_MD_CTX, ContextRelease>;

ContextPtr new_context() {
  ContextPtr context(EVP_MD_CTX_new());
  check(context != nullptr, "OpenSSL has no memory for a signature");
  return context;
}

}  // namespace

struct SigningKey::Key {
  explicit Key(EVP_PKEY* k) : key(k) {}
  ~Key() { EVP_PKEY_free(key); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  EVP_PKEY* const key;
};

Result<SigningKey, std::string> SigningKey::parse(std::string_view secret) {
  const auto raw = base64url_decode(secret);
  if (!raw || raw->size() != kKeyBytes) return fail(std::string("is not 32 bytes in base64url"));
  auto* const key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(*raw), raw->size());
  if (key == nullptr) return fail(std::string("is not an Ed25519 key"));
  return SigningKey(std::make_shared<const Key>(key));
}

std::string SigningKey::sign(std::string_view data) const {
  const auto context = new_context();
  std::string signature(kSignatureBytes, '\0');
  std::size_t length = signature.size();
  const bool signed_well =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->key) == 1 &&
      EVP_DigestSign(context.get(), bytes_of(signature), &length, bytes_of(data), data.size()) == 1;
  check(signed_well && length == kSignatureBytes, "OpenSSL failed to sign");
  return base64url_encode(signature);
}

std::string SigningKey::public_text() const {
  std::string raw(kKeyBytes, '\0');
  std::size_t length = raw.size();
  const bool exported = EVP_PKEY_get_raw_public_key(key_->key, bytes_of(raw), &length) == 1;
  check(exported && length == kKeyBytes, "OpenSSL failed to return the public key");
  return base64url_encode(raw);
}

Result<VerifyingKey, std::string> VerifyingKey::parse(std::string_view text) {
  const auto raw = base64url_decode(text);
  if (!raw || raw->size() != kKeyBytes) return fail(std::string("is not 32 bytes in base64url"));
  auto* const key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*raw), raw->size());
  if (key == nullptr) return fail(std::string("is not an Ed25519 key"));
  return VerifyingKey(std::make_shared<const SigningKey::Key>(key));
}

bool VerifyingKey::verifies(std::string_view data, std::string_view signature) const {
  const auto raw = base64url_decode(signature);
  if (!raw || raw->size() != kSignatureBytes) return false;
  const auto context = new_context();
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_->key) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(*raw), raw->size(), bytes_of(data), data.size()) == 1;
}

}  // namespace mm::security
