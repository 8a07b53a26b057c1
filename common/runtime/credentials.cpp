#include "common/runtime/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <vector>

#include "common/runtime/check_secrets.h"
#include "common/runtime/start_errors.h"
#include "common/security/jwt.h"

namespace mm::runtime {
namespace {

constexpr std::size_t kMaxSecretBytes = 4096;

struct File {
  int descriptor;
  explicit File(const std::string& path) : descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {}
  ~File() {
    if (descriptor >= 0) ::close(descriptor);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
};

bool is_open_to_others(const struct stat& info) { return (info.st_mode & (S_IRWXG | S_IRWXO)) != 0; }

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// The problem with a file, or null. Checked on the open descriptor, so that the file cannot change in between.
const char* objection(int descriptor) {
  struct stat info {};
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) return "is not a regular file";
  if (info.st_uid != ::geteuid()) return "is not owned by this user";
  if (is_open_to_others(info)) return "is open to others: its mode must be 0600";
  if (info.st_size == 0) return "is empty";
  if (static_cast<std::size_t>(info.st_size) > kMaxSecretBytes) return "is too long";
  return nullptr;
}

}  // namespace

Result<std::string, std::string> Credentials::read(std::string_view name) const {
  check(!name.empty() && name.find('/') == std::string_view::npos, "a credential's name is a file name");
  if (folder_.empty()) return std::string();
  const auto says = [&](const char* what) { return fail("the credential " + std::string(name) + " " + what); };
  const File file(folder_ + "/" + std::string(name));
  if (file.descriptor < 0) return says(errno == ENOENT ? "is missing" : "cannot be opened");
  if (const char* wrong = objection(file.descriptor)) return says(wrong);

  std::string secret(kMaxSecretBytes + 1, '\0');
  const auto length = ::read(file.descriptor, secret.data(), secret.size());
  if (length < 0) return says("cannot be read");
  if (static_cast<std::size_t>(length) > kMaxSecretBytes) return says("is too long");
  secret.resize(static_cast<std::size_t>(length));
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.find_first_not_of(' ') == std::string::npos) return says("is empty");
  if (secret.find_first_of(std::string_view("\0\n", 2)) != std::string::npos) return says("has more than one line");
  for (const auto& word : words_of(secret)) {
    if (const auto weakness = security::weak_key(word)) return says(("is weak: " + *weakness).c_str());
  }
  return secret;
}

std::string Credentials::require(std::string_view name) const {
  auto secret = read(name);
  if (secret) return std::move(secret).value();
  throw StartRefused("credentials", {std::move(secret).error()});
}

Result<Done, std::string> check_all(const std::string& folder) {
  if (folder.empty()) return Done{};
  const Credentials credentials(folder);
  std::map<std::string, std::string> names;  // key: the secret
  std::error_code unreadable;
  for (const auto& file : std::filesystem::directory_iterator(folder, unreadable)) {
    const auto name = file.path().filename().string();
    if (name.starts_with('.')) continue;  // hidden entries in which a container platform keeps the files
    const auto secret = credentials.read(name);
    if (!secret) return fail(secret.error());
    for (const auto& word : words_of(*secret)) {
      const auto [first, is_new] = names.emplace(word, name);
      if (!is_new) return fail("the credentials " + first->second + " and " + name + " hold the same secret");
    }
  }
  if (unreadable) return fail("MM_CREDENTIALS_DIR cannot be read: " + unreadable.message());
  return Done{};
}

std::optional<std::string> private_file_problem(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return "cannot be opened";
  if (is_open_to_others(info)) return "is open to others: its mode must be 0600";
  return std::nullopt;
}

}  // namespace mm::runtime
