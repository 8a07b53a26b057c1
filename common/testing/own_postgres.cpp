// PostgreSQL for tests. Making a cluster takes seconds, so one with all migrations applied is made once per state of
// the repository and copied for each test. PostgreSQL does not run as root, so for a test that runs as root it runs as
// the user postgres, who owns the copies.
#include <arpa/inet.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
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

/// The folder with the programs of the newest version. On Debian it is not in PATH.
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

/// Only the port and the use of memory differ from the deployed configuration; durability, rights and the time of a
/// recovery do not.
ChildCommand server_command(const std::string& folder, int port, const std::vector<std::string>& settings) {
  ChildCommand command;
  command.arguments = {programs() + "/postgres", "-D", folder + "/data", "-p", std::to_string(port)};
  command.folder = folder;
  command.output = folder + "/log";
  command.user = server_user();
  std::vector<std::string> all{"shared_buffers=16MB", "dynamic_shared_memory_type=mmap"};
  all.insert(all.end(), settings.begin(), settings.end());
  for (const auto& setting : all) {
    command.arguments.push_back("-c");
    command.arguments.push_back(setting);
  }
  return command;
}

/// Sends a startup message for the database. The server asks for a password once it accepts connections.
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

/// The cluster that is copied, while it is made.
class NewCluster : public OwnServer {
 public:
  NewCluster() : OwnServer(std::make_unique<Impl>()) {
    impl_->folder = make_folder("pg");
    give_to_server(impl_->folder);
    impl_->quit_signal = SIGINT;  // fast, but with a checkpoint
    configure_store({"postgres", impl_->folder + "/data", std::to_string(port_)});
    impl_->command = [own = impl_.get()] { return server_command(own->folder, own->port.number(), {}); };
    impl_->ready = [port = port_] { return takes_connections(port, "postgres"); };
    impl_->start();
  }

  void migrate_and_move_to(const std::string& target) {
    configure_store({"migrate", std::to_string(port_)});
    impl_->quit();
    fs::rename(impl_->folder + "/data", target);
  }
};

void copy_cluster(const std::string& target) {
  const auto ready = shared_folder().path + "/postgres";
  {
    const FileLock making(shared_folder().lock);
    if (!fs::exists(ready)) NewCluster().migrate_and_move_to(ready);
  }
  ChildCommand command;
  command.arguments = {"cp", "-a", "--reflink=auto", ready, target};
  run_to_end(command);
}

}  // namespace

OwnPostgres::OwnPostgres(std::vector<std::string> settings) : OwnServer(std::make_unique<Impl>()) {
  impl_->folder = make_folder("pg");
  give_to_server(impl_->folder);
  copy_cluster(impl_->folder + "/data");
  impl_->stop_signal = SIGINT;
  impl_->quit_signal = SIGQUIT;  // ends at once, but frees its shared memory
  impl_->command = [own = impl_.get(), settings] { return server_command(own->folder, own->port.number(), settings); };
  impl_->ready = [port = port_] { return takes_connections(port, kDatabase); };
  impl_->start();
  url_ = "postgresql://postgres:" + secret("postgres_superuser") + "@127.0.0.1:" + std::to_string(port_) + "/" +
         std::string(kDatabase);
}

std::string OwnPostgres::url_as(const std::string& service) const {
  return "postgresql://mm_" + service + "@127.0.0.1:" + std::to_string(port_) + "/" + std::string(kDatabase);
}

std::string OwnPostgres::password_of(const std::string& service) { return secret("postgres_" + service); }

}  // namespace mm::testing
