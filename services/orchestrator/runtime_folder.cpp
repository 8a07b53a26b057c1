#include "services/orchestrator/runtime_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace mm::orchestrator {
namespace {

constexpr std::string_view kSocket = ".sock";

std::string reason(const std::string& what) { return what + ": " + std::strerror(errno); }

}  // namespace

Result<RuntimeFolder, std::string> RuntimeFolder::open(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail(reason("cannot create " + path));
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return fail(reason("cannot open " + path));
  RuntimeFolder folder(path, directory);
  struct stat about {};
  if (::fstat(directory, &about) != 0 || about.st_uid != ::geteuid()) return fail(path + " belongs to another user");
  if ((about.st_mode & 0077) != 0 && ::fchmod(directory, 0700) != 0)
    return fail(reason("cannot restrict the mode of " + path));
  return folder;
}

RuntimeFolder::RuntimeFolder(RuntimeFolder&& other) noexcept
    : path_(std::move(other.path_)),
      directory_(std::exchange(other.directory_, -1)),
      lock_(std::exchange(other.lock_, -1)) {}

RuntimeFolder::~RuntimeFolder() {
  if (lock_ >= 0) ::close(lock_);
  if (directory_ >= 0) ::close(directory_);
}

bool RuntimeFolder::lock() {
  if (lock_ < 0) lock_ = ::openat(directory_, "orchestrator.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  return lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0;
}

std::vector<ServerId> RuntimeFolder::servers() const {
  std::vector<ServerId> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored)) {
    const auto name = entry.path().filename().string();
    if (!name.ends_with(kSocket)) continue;
    if (const auto id = ServerId::parse(name.substr(0, name.size() - kSocket.size()))) found.push_back(*id);
  }
  return found;
}

std::string RuntimeFolder::socket_path(ServerId server) const {
  return "/proc/self/fd/" + std::to_string(directory_) + "/" + server.to_string() + std::string(kSocket);
}

void RuntimeFolder::limit_log(std::uintmax_t most) const {
  namespace fs = std::filesystem;
  std::error_code failed;
  const auto size = fs::file_size(log_path(), failed);
  if (failed || size <= most) return;
  const auto copy = log_path() + ".1";
  fs::copy_file(log_path(), copy, fs::copy_options::overwrite_existing, failed);
  if (failed) fs::remove(copy, failed);
  fs::resize_file(log_path(), 0, failed);
}

void RuntimeFolder::remove_files(ServerId server) const {
  ::unlinkat(directory_, (server.to_string() + std::string(kSocket)).c_str(), 0);
  ::unlinkat(directory_, (server.to_string() + ".pid").c_str(), 0);
}

}  // namespace mm::orchestrator
