// What the servers of servers.h have in common: a process on a reserved port with a folder of its own, and how to see
// that it answers. Private to common/testing.
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

/// Sends `question` to 127.0.0.1:port: does it `accept` what comes first? False when nothing comes within a second.
bool answers(int port, std::string_view question, const std::function<bool(std::string_view)>& accepts);

/// A folder that the tests of this machine share: what is made once for one state of the repository's configuration,
/// migrations and scripts. Holds `secrets` and `credentials`; the cluster of own_postgres.cpp is made when needed.
struct SharedFolder {
  std::string path;
  std::string lock;  ///< file to lock while something in it is made
};
const SharedFolder& shared_folder();

/// Runs ops/store-config with the secrets of the shared folder.
void configure_store(const std::vector<std::string>& arguments);

// Holds a file lock until the end of the block.
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
  int quit_signal = 9;   ///< how it ends when the test is over; 9: at once
  int stop_signal = 15;  ///< how it ends in order
  pid_t pid = -1;
  bool frozen = false;

  ~Impl();
  /// Throws when it ends early or does not answer in time.
  void start();
  void kill();
  void quit();
  void stop();
};

}  // namespace mm::testing
