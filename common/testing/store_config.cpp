// Makes the configuration and the secrets of a test's servers, with the scripts that `make up` uses. Secrets are made
// once per machine and state of the repository, because they are part of the PostgreSQL cluster that tests copy.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "common/testing/server_process.h"

namespace mm::testing {
namespace {

namespace fs = std::filesystem;

/// The folder of another state of the repository is removed if it was unused for this time.
constexpr std::chrono::hours kUnusedFor{24};

std::string source_folder() {
  const char* folder = getenv("MM_TEST_SOURCE_DIR");
  return folder != nullptr ? folder : fs::current_path().string();
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A hash (FNV-1a) of all files from which the shared folder is made.
std::string fingerprint() {
  std::vector<fs::path> files{source_folder() + "/ops/store-config"};
  for (const char* folder : {"/ops/stack.d", "/deployments", "/db"}) {
    for (const auto& entry : fs::recursive_directory_iterator(source_folder() + folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::uint64_t hash = 14695981039346656037ULL;
  const auto add = [&](const std::string& text) {
    for (const char c : text + '\n') hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  };
  for (const auto& file : files) {
    add(file.filename().string());
    add(content_of(file));
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::string own_home() {
  const auto home = temporary_root() + "/mm-test-" + std::to_string(getuid());
  mkdir(home.c_str(), 0700);
  struct stat about {};
  if (lstat(home.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != getuid()) {
    throw std::runtime_error(home + " is not ours");
  }
  return home;
}

void run_store_config(const std::string& state, const std::vector<std::string>& arguments) {
  ChildCommand command;
  command.arguments = {source_folder() + "/ops/store-config"};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.environment = {"MM_STATE=" + state};
  command.output = state + "/log";
  run_to_end(command);
}

SharedFolder make_shared_folder() {
  const auto home = own_home();
  const SharedFolder shared{home + "/" + fingerprint(), home + "/lock"};
  const FileLock making(shared.lock);
  if (!fs::exists(shared.path)) {
    const auto fresh = home + "/new";
    fs::remove_all(fresh);
    mkdir(fresh.c_str(), 0700);
    run_store_config(fresh, {"secrets"});
    fs::rename(fresh, shared.path);
  }
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(shared.path, now);
  for (const auto& other : fs::directory_iterator(home)) {
    if (other.is_directory() && other.last_write_time() < now - kUnusedFor) fs::remove_all(other.path());
  }
  return shared;
}

}  // namespace

FileLock::FileLock(const std::string& path) : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (file_ < 0 || flock(file_, LOCK_EX) != 0) throw std::runtime_error("cannot lock " + path);
}

FileLock::~FileLock() { close(file_); }

const SharedFolder& shared_folder() {
  static const SharedFolder shared = make_shared_folder();
  return shared;
}

void configure_store(const std::vector<std::string>& arguments) { run_store_config(shared_folder().path, arguments); }

std::string credentials_of(const std::string& daemon) { return shared_folder().path + "/credentials/" + daemon; }

std::string secret(const std::string& name) {
  auto text = content_of(shared_folder().path + "/secrets/" + name);
  if (text.empty()) throw std::runtime_error("there is no secret " + name);
  return text;
}

}  // namespace mm::testing
