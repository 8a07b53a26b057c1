// PostgreSQL for tests. Making a cluster takes seconds, so one with all migrations applied is made once per set of
// migrations, kept and copied for each test. PostgreSQL does not run as root: then it runs as the user
// postgres, whose own the copies are.
#include <arpa/inet.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "common/testing/server_process.h"

namespace mm::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDatabase = "matchmaker";

std::optional<std::string> server_user() {
  if (getuid() == 0) return "postgres";
  return std::nullopt;
}

void give_to_server(const std::string& path) {
  if (!server_user()) return;
  const passwd* entry = getpwnam(server_user()->c_str());
  if (entry == nullptr || chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
    throw std::runtime_error("cannot give " + path + " to the user postgres");
  }
}

/// The programs of the newest version: Debian keeps them out of PATH.
std::string programs() {
  std::string found;
  std::error_code none;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const auto folder = version.path().string() + "/bin";
    if (fs::exists(folder + "/postgres") && folder > found) found = folder;
  }
  if (found.empty()) throw std::runtime_error("no PostgreSQL under /usr/lib/postgresql");
  return found;
}

std::string source_folder() {
  const char* folder = getenv("MM_TEST_SOURCE_DIR");
  return folder != nullptr ? folder : fs::current_path().string();
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Names what the template is made of (FNV-1a).
std::string fingerprint() {
  std::vector<fs::path> files{source_folder() + "/db/migrate"};
  std::error_code none;
  for (const auto& file : fs::directory_iterator(source_folder() + "/db/migrations", none))
    files.push_back(file.path());
  std::sort(files.begin(), files.end());
  std::uint64_t hash = 14695981039346656037ULL;
  const auto add = [&](const std::string& text) {
    for (const char c : text + '\n') hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  };
  add(programs());
  for (const auto& file : files) {
    add(file.filename().string());
    add(content_of(file));
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

ChildCommand as_server(std::vector<std::string> arguments, const std::string& folder) {
  ChildCommand command;
  command.arguments = std::move(arguments);
  command.folder = folder;
  command.output = folder + "/log";
  command.user = server_user();
  return command;
}

ChildCommand server_command(const std::string& folder, int port, const std::vector<std::string>& settings) {
  auto command = as_server({programs() + "/postgres", "-D", folder + "/data", "-p", std::to_string(port)}, folder);
  std::vector<std::string> all{"listen_addresses=127.0.0.1",
                               "unix_socket_directories=",
                               "shared_buffers=16MB",
                               "max_connections=100",
                               "max_wal_size=64MB",
                               "logging_collector=off",
                               "dynamic_shared_memory_type=mmap",
                               "recovery_init_sync_method=syncfs",
                               "log_min_messages=warning"};
  all.insert(all.end(), settings.begin(), settings.end());
  for (const auto& setting : all) {
    command.arguments.push_back("-c");
    command.arguments.push_back(setting);
  }
  return command;
}

/// A startup message for the database: the server asks for nothing more once it takes connections.
bool takes_connections(int port, std::string_view database) {
  std::string body;
  for (const auto text :
       {std::string_view("user"), std::string_view("postgres"), std::string_view("database"), database}) {
    body.append(text).push_back('\0');
  }
  body.push_back('\0');
  const std::uint32_t head[] = {htonl(static_cast<std::uint32_t>(body.size() + 8)), htonl(196'608)};
  std::string message(reinterpret_cast<const char*>(head), sizeof head);
  return answers(port, message + body, [](std::string_view text) { return text.starts_with('R'); });
}

std::string url_of(const std::string& user, int port, std::string_view database) {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port) + "/" + std::string(database);
}

// Holds a file lock until the end of the block.
class FileLock {
 public:
  FileLock(const std::string& path, int how) : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (file_ < 0 || flock(file_, how) != 0) throw std::runtime_error("cannot lock " + path);
  }
  ~FileLock() { close(file_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int file_;
};

/// A cluster that is being made into the template.
class NewCluster : public OwnServer {
 public:
  NewCluster() : OwnServer(std::make_unique<Impl>()) {
    impl_->folder = make_folder("pg");
    give_to_server(impl_->folder);
    impl_->quit_signal = SIGINT;  // fast, but with a checkpoint
    run_to_end(as_server({programs() + "/initdb", "-D", impl_->folder + "/data", "-U", "postgres", "-A", "trust", "-E",
                          "UTF8", "--locale=C.UTF-8", "--no-sync", "--wal-segsize=1"},
                         impl_->folder));
    impl_->command = [own = impl_.get()] { return server_command(own->folder, own->port.number(), {"fsync=off"}); };
    impl_->ready = [port = port_] { return takes_connections(port, "postgres"); };
    impl_->start();
  }

  void migrate() {
    const auto client = [this](std::vector<std::string> arguments) {
      ChildCommand command;
      command.arguments = std::move(arguments);
      command.environment = {"PATH=" + programs() + ":/usr/bin:/bin"};
      command.output = impl_->folder + "/log";
      run_to_end(command);
    };
    client({programs() + "/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url_of("postgres", port_, "postgres"),
            "-c", "CREATE DATABASE " + std::string(kDatabase)});
    client({source_folder() + "/db/migrate", url_of("postgres", port_, kDatabase)});
    // Half of what would have to be copied each time.
    client({programs() + "/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url_of("postgres", port_, kDatabase), "-c",
            "DROP DATABASE postgres", "-c", "ALTER DATABASE template1 IS_TEMPLATE false", "-c",
            "DROP DATABASE template1"});
    impl_->quit();
  }

  std::string data() const { return impl_->folder + "/data"; }
};

/// Copies the template of the present migrations to `target`; makes it first if there is none.
void copy_template(const std::string& target) {
  const auto home = temporary_root() + "/mm-test-pg-" + std::to_string(getuid());
  mkdir(home.c_str(), 0700);
  struct stat about {};
  if (lstat(home.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != getuid()) {
    throw std::runtime_error(home + " is not ours");
  }
  const auto lock = home + "/lock";
  const auto copy = [&](const std::string& from) {
    ChildCommand command;
    command.arguments = {"cp", "-a", "--reflink=auto", from, target};
    run_to_end(command);
  };
  const auto ready = home + "/" + fingerprint();
  {
    FileLock reading(lock, LOCK_SH);
    if (fs::exists(ready)) return copy(ready);
  }
  FileLock making(lock, LOCK_EX);
  if (!fs::exists(ready)) {
    for (const auto& old : fs::directory_iterator(home)) {
      if (old.is_directory()) fs::remove_all(old.path());
    }
    NewCluster cluster;
    cluster.migrate();
    fs::rename(cluster.data(), ready);
  }
  copy(ready);
}

}  // namespace

OwnPostgres::OwnPostgres(std::vector<std::string> settings) : OwnServer(std::make_unique<Impl>()) {
  impl_->folder = make_folder("pg");
  give_to_server(impl_->folder);
  copy_template(impl_->folder + "/data");
  impl_->quit_signal = SIGQUIT;  // at once, but it gives its shared memory back
  impl_->command = [own = impl_.get(), settings] { return server_command(own->folder, own->port.number(), settings); };
  impl_->ready = [port = port_] { return takes_connections(port, kDatabase); };
  impl_->start();
  url_ = url_of("postgres", port_, kDatabase);
}

std::string OwnPostgres::url_as(const std::string& role) const { return url_of("mm_" + role, port_, kDatabase); }

}  // namespace mm::testing
