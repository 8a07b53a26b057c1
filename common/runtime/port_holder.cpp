#include "common/runtime/port_holder.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string_view>

namespace mm::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListening = "0A";  // TCP_LISTEN in /proc/net/tcp

/// Finds the inodes of the sockets with this local port, and whether each of them listens.
void find_sockets(const char* table, int port, std::map<std::string, bool>& listens_by_inode) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // header line
  while (std::getline(file, line)) {
    // sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode
    std::istringstream words(line);
    std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
    const auto colon = local.rfind(':');
    if (colon == std::string::npos) continue;
    int its_port = 0;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), its_port, 16);
    if (its_port == port) listens_by_inode["socket:[" + inode + "]"] = state == kListening;
  }
}

std::string name_of(const fs::path& process) {
  std::ifstream file(process / "comm");
  std::string name;
  std::getline(file, name);
  return name;
}

/// Whether the process has one of the sockets open, and if so, whether that socket listens.
std::optional<bool> holds_one(const fs::path& process, const std::map<std::string, bool>& listens_by_inode) {
  std::error_code error;
  for (fs::directory_iterator fd(process / "fd", error), end; !error && fd != end; fd.increment(error)) {
    std::error_code gone;
    const auto found = listens_by_inode.find(fs::read_symlink(fd->path(), gone).string());
    if (!gone && found != listens_by_inode.end()) return found->second;
  }
  return std::nullopt;
}

}  // namespace

std::string port_holder(int port) {
  std::map<std::string, bool> sockets;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) find_sockets(table, port, sockets);
  if (sockets.empty()) return {};
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const auto pid = entry->path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto listens = holds_one(entry->path(), sockets);
    if (!listens) continue;
    return name_of(entry->path()) + " (pid " + pid + ")" +
           (*listens ? ", which listens on it" : ", as the local port of a connection");
  }
  return {};
}

ListenError listen_refused(const std::string& address, int port, const std::error_code& error) {
  auto text = "cannot listen on " + address + ":" + std::to_string(port) + ": " + error.message();
  if (error != std::errc::address_in_use) return {text, false};
  const auto holder = port_holder(port);
  return {text + (holder.empty() ? "" : " by " + holder), true};
}

}  // namespace mm::runtime
