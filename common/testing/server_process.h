// The common part of the servers of servers.h: a process on a reserved port with a folder of its own, and a check that
// the server answers. Private to common/testing.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/testing/child.h"
#include "common/testing/servers.h"

namespace mm::testing {

/// A new folder under temporary_root(), readable by its owner only.
std::string make_folder(const std::string& kind);

/// TMPDIR, or /dev/shm if it is large enough, or /tmp.
std::string temporary_root();

/// Sends `question` to 127.0.0.1:port and passes the first bytes of the answer to `accepts`. False if no answer comes
/// within a second.
bool answers(int port, std::string_view question, const std::function<bool(std::string_view)>& accepts);

/// A folder that all tests on this machine share. It is made once per state of the repository's configuration,
/// migrations and scripts. It holds `secrets` and `credentials`, and the cluster of own_postgres.cpp once one is
/// needed.
struct SharedFolder {
  std::string path;
  std::string lock;  ///< the file to lock while something in the folder is made
};
const SharedFolder& shared_folder();

/// Runs ops/store-config with the secrets of the shared folder.
void configure_store(const std::vector<std::string>& arguments);

/// Holds an exclusive lock on a file for the life of the object.
class FileLock {
 public:
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int file_;
};

struct OwnServer::Impl {
  std::string folder;
  ReservedPort port;
  ReservedPort second_port;  ///< of nats-server: for its monitor
  std::function<ChildCommand()> command;
  std::function<bool()> ready;
  int quit_signal = 9;   ///< the signal at the end of the test; 9: kill at once
  int stop_signal = 15;  ///< the signal for an orderly shutdown
  pid_t pid = -1;
  bool frozen = false;

  ~Impl();
  /// Throws std::runtime_error if the process ends early or does not answer within 30 s.
  void start();
  void kill();
  void quit();
  void stop();
};

}  // namespace mm::testing
