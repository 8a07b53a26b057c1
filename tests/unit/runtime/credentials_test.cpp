// Secrets in files: which files are taken, and that a refusal never tells what is in one.
#include "common/runtime/credentials.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace mm::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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
  write("nats_password", "correct horse\n");
  const auto secret = Credentials(folder_).read("nats_password");
  ASSERT_TRUE(secret.ok()) << secret.error();
  EXPECT_EQ(*secret, "correct horse");
}

TEST_F(CredentialFiles, MayBeReadableByTheirOwnerAlone) {
  for (const mode_t mode : {0640u, 0604u, 0660u, 0644u, 0610u}) {
    write("nats_password", "secret-content", mode);
    EXPECT_THAT(refusal("nats_password"), HasSubstr("open to others"));
    EXPECT_THAT(refusal("nats_password"), Not(HasSubstr("secret-content")));
  }
  write("nats_password", "secret-content", 0400);
  EXPECT_EQ(refusal("nats_password"), "accepted");
}

TEST_F(CredentialFiles, MustBelongToThisUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  write("nats_password", "secret-content");
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

TEST_F(CredentialFiles, ThatAreMissingOrNoFilesAreNamed) {
  ASSERT_TRUE(std::filesystem::create_directory(folder_ + "/folder"));
  EXPECT_EQ(refusal("nats_password"), "the credential nats_password is missing");
  EXPECT_THAT(refusal("folder"), HasSubstr("not a regular file"));
}

TEST_F(CredentialFiles, ThatAreRequiredEndTheProcess) {
  EXPECT_EXIT(Credentials(folder_).require("nats_password"), ::testing::ExitedWithCode(78), "");
  EXPECT_DEATH((void)Credentials(folder_).read("../nats_password"), "file name");
}

TEST(Credentials, WithoutAFolderAreEmpty) {
  EXPECT_EQ(Credentials("").require("nats_password"), "");
}

}  // namespace
}  // namespace mm::runtime
