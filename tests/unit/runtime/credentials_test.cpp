// Tests of reading secrets from files: which files are accepted, and that an error never contains a secret.
#include "common/runtime/credentials.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/runtime/check_secrets.h"
#include "common/runtime/start_errors.h"

namespace mm::runtime {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kSecret = "uHj3mPq8ZtRw5xYcVb2nLk9sDf7gAe4iOo1Tz6QeWrT";

class CredentialFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/mm_credentials_XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view content, mode_t mode = 0600) {
    const auto path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  std::string refusal(const std::string& name) {
    const auto secret = Credentials(folder_).read(name);
    return secret.ok() ? "accepted" : secret.error();
  }

  std::string folder_;
};

TEST_F(CredentialFiles, AreReadWithoutTheLastNewline) {
  write("nats_password", kSecret + "\n");
  const auto secret = Credentials(folder_).read("nats_password");
  ASSERT_TRUE(secret.ok()) << secret.error();
  EXPECT_EQ(*secret, kSecret);
}

TEST_F(CredentialFiles, MayBeReadableOnlyByTheirOwner) {
  for (const mode_t mode : {0640u, 0604u, 0660u, 0644u, 0610u}) {
    write("nats_password", kSecret, mode);
    EXPECT_THAT(refusal("nats_password"), HasSubstr("open to others"));
    EXPECT_THAT(refusal("nats_password"), Not(HasSubstr(kSecret)));
  }
  write("nats_password", kSecret, 0400);
  EXPECT_EQ(refusal("nats_password"), "accepted");
}

TEST_F(CredentialFiles, MustBelongToThisUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  write("nats_password", kSecret);
  ASSERT_EQ(::chown((folder_ + "/nats_password").c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal("nats_password"), HasSubstr("not owned"));
}

TEST_F(CredentialFiles, MustHaveOneLineOfReasonableLength) {
  write("empty", "");
  write("newline", "\n");
  write("two_lines", "a\nb\n");
  write("nul", std::string_view("a\0b", 3));
  write("long", std::string(5'000, 'x'));
  EXPECT_THAT(refusal("empty"), HasSubstr("empty"));
  EXPECT_THAT(refusal("newline"), HasSubstr("empty"));
  EXPECT_THAT(refusal("two_lines"), HasSubstr("more than one line"));
  EXPECT_THAT(refusal("nul"), HasSubstr("more than one line"));
  EXPECT_THAT(refusal("long"), HasSubstr("too long"));
}

TEST_F(CredentialFiles, MustHoldARandomSecret) {
  for (const auto& weak : {std::string("admin"), std::string("secret"), std::string(64, 'a'), kSecret.substr(1),
                           std::string("changemechangemechangemechangemechangemechangeme"),
                           std::string("0123456789abcdef0123456789abcdef"), kSecret + " admin"}) {
    write("server_token_key", weak);
    EXPECT_THAT(refusal("server_token_key"), HasSubstr("the credential server_token_key is weak")) << weak;
    EXPECT_THAT(refusal("server_token_key"), Not(HasSubstr(weak)));
  }
  const std::string hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  for (const auto& strong :
       {kSecret, hex, hex + " " + kSecret, std::string("\x01\x02\x03\x04\x05\x06\x07\x08\xff") + hex.substr(0, 24)}) {
    write("server_token_key", strong);
    EXPECT_EQ(refusal("server_token_key"), "accepted");
  }
}

TEST_F(CredentialFiles, AreCheckedTogether) {
  const auto checked = [this] {
    const auto all = check_all(folder_);
    return all.ok() ? "accepted" : all.error();
  };
  write("nats_password", kSecret);
  EXPECT_EQ(checked(), "accepted");
  write("admin_token", "a" + kSecret + " b" + kSecret);
  EXPECT_EQ(checked(), "accepted");
  write("admin_token", "a" + kSecret + " " + kSecret + "\n");
  EXPECT_THAT(checked(),
              AllOf(HasSubstr("nats_password"), HasSubstr("admin_token"), HasSubstr("hold the same secret")));
  EXPECT_THAT(checked(), Not(HasSubstr(kSecret)));
  write("admin_token", "admin");
  EXPECT_THAT(checked(), HasSubstr("admin_token is weak"));
  write("admin_token", "a" + kSecret, 0640);
  EXPECT_THAT(checked(), HasSubstr("admin_token is open to others"));
}

TEST_F(CredentialFiles, WithPrivateKeysMayBeOpenOnlyToTheirOwner) {
  write("key.pem", "a key", 0600);
  EXPECT_FALSE(private_file_problem(folder_ + "/key.pem"));
  for (const mode_t mode : {0640u, 0604u, 0644u, 0620u}) {
    write("key.pem", "a key", mode);
    EXPECT_TRUE(private_file_problem(folder_ + "/key.pem")) << mode;
  }
  EXPECT_TRUE(private_file_problem(folder_ + "/none.pem"));
}

TEST_F(CredentialFiles, ThatAreMissingOrNotRegularAreNamed) {
  ASSERT_TRUE(std::filesystem::create_directory(folder_ + "/folder"));
  EXPECT_EQ(refusal("nats_password"), "the credential nats_password is missing");
  EXPECT_THAT(refusal("folder"), HasSubstr("not a regular file"));
}

TEST_F(CredentialFiles, ThatAreRequiredEndTheStart) {
  EXPECT_THROW((void)Credentials(folder_).require("nats_password"), StartRefused);
  EXPECT_DEATH((void)Credentials(folder_).read("../nats_password"), "file name");
}

TEST(Credentials, WithoutAFolderAreEmpty) { EXPECT_EQ(Credentials("").require("nats_password"), ""); }

}  // namespace
}  // namespace mm::runtime
