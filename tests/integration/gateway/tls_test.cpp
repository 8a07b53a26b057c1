// Tests of a gateway with a certificate: it serves HTTPS and secure WebSockets, and no plain connections.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "services/gateway/net/tls.h"
#include "tests/integration/gateway/socket_players.h"
#include "tests/integration/gateway/world.h"

namespace mm::gateway::testing {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

template <class Write>
void write_pem(const std::string& path, Write write) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
  ASSERT_TRUE(file && write(file.get()) == 1);
}

/// Makes a self-signed certificate for localhost and its key, in two PEM files.
class Certificate {
 public:
  Certificate() {
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
    auto* certificate = made.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
    X509_set_pubkey(certificate, key.get());
    auto* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key.get(), EVP_sha256());
    write_pem(chain(), [&](FILE* file) { return PEM_write_X509(file, certificate); });
    write_pem(this->key(),
              [&](FILE* file) { return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    std::filesystem::permissions(this->key(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }

  std::string chain() const { return folder_.path() + "/chain.pem"; }
  std::string key() const { return folder_.path() + "/key.pem"; }

 private:
  mm::testing::OwnFolder folder_;
};

const Certificate& ours() {
  static const Certificate certificate;
  return certificate;
}

Instance& secure_gateway() {
  ours();
  World::get();  // both are made first, so they are destroyed after the instance
  static Instance instance([](Settings& settings) {
    settings.tls_cert_file = ours().chain();
    settings.tls_key_file = ours().key();
  });
  return instance;
}

TEST(Tls, CarriesRequestsAndAnswers) {
  EXPECT_EQ(secure_gateway().get("/livez").status, 200);
  const auto player = fresh_player();
  nobody_is_anywhere();
  EXPECT_EQ(secure_gateway().get("/v1/matchmaking/active", player.auth()).status, 200);
  expect_problem(secure_gateway().get("/v1/matchmaking/active"), 401, "unauthorized");
}

TEST(Tls, CarriesManyRequestsOnOneConnection) {
  Connection connection(secure_gateway().target());
  ASSERT_TRUE(connection.secured());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(connection.send(text_of({"GET", "/version", {}, ""})));
    ASSERT_EQ(connection.read_answer().status, 200) << i;
  }
}

TEST(Tls, CarriesWebSockets) {
  nobody_is_anywhere();
  const auto player = fresh_player();
  WebSocket socket(secure_gateway().target(), "/v1/ws", player.auth());
  ASSERT_TRUE(socket.open());
  EXPECT_EQ(socket.read().at("data/player/player_id"), player.id.to_string());
  socket.send(R"({"type":"ping","ref":"over TLS"})");
  EXPECT_EQ(socket.read_event("pong").at("ref"), "over TLS");
}

TEST(Tls, RefusesAKeyThatOthersMayRead) {
  const Certificate certificate;
  EXPECT_TRUE(make_tls(certificate.chain(), certificate.key()).ok());
  for (const auto open : {std::filesystem::perms::group_read, std::filesystem::perms::others_read}) {
    std::filesystem::permissions(certificate.key(), std::filesystem::perms::owner_read | open);
    const auto refused = make_tls(certificate.chain(), certificate.key());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error(), "the key in MM_TLS_KEY_FILE is open to others: its mode must be 0600");
  }
}

TEST(Tls, IsAllThatIsSpokenThere) {
  const auto plain = call(secure_gateway().port(), {"GET", "/livez", {}, ""});
  EXPECT_EQ(plain.status, 0);
  Connection stranger(secure_gateway().port());
  ASSERT_TRUE(stranger.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_TRUE(stranger.closes());
  EXPECT_EQ(secure_gateway().get("/livez").status, 200);
}

TEST(Tls, RefusesVersionsThatAreBroken) {
  auto old = secure_gateway().target();
  old.newest_is_tls_1_1 = true;
  EXPECT_FALSE(Connection(old).secured());
  EXPECT_TRUE(Connection(secure_gateway().target()).secured());
}

TEST(Tls, WaitsForNobodyWhoGreetsTooSlowly) {
  Connection silent(secure_gateway().port());
  Connection slow(secure_gateway().port());
  slow.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(silent.closes());
  EXPECT_TRUE(slow.closes());
}

TEST(Tls, NamesWhatIsWrongWithItsFilesButNotWhatIsInThem) {
  const Certificate other;
  EXPECT_TRUE(make_tls(ours().chain(), ours().key()).ok());
  const auto foreign = make_tls(ours().chain(), other.key());
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.error().find("key"), std::string::npos) << foreign.error();
  const auto missing = make_tls(ours().chain() + ".missing", ours().key());
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().find("MM_TLS_CERT_FILE"), std::string::npos) << missing.error();
  const auto swapped = make_tls(ours().chain(), ours().chain());
  ASSERT_FALSE(swapped.ok());
  EXPECT_EQ(swapped.error().find("BEGIN"), std::string::npos);
}

}  // namespace
}  // namespace mm::gateway::testing
