// Finds the process that uses a TCP port of this machine, for the error text of a daemon that cannot listen on it.
#pragma once

#include <string>
#include <system_error>

namespace mm::runtime {

/// "nats-server (pid 4711), which listens on it" or "curl (pid 4712), as the local port of a connection". Empty if no
/// process or a process of another user uses it. Reads /proc; takes some milliseconds.
std::string port_holder(int port);

/// The reason why a daemon cannot listen.
struct ListenError {
  std::string text;     ///< "cannot listen on 127.0.0.1:8080: Address already in use by …"
  bool in_use = false;  ///< another process uses the port, so a retry may succeed; false: a retry is useless
};

ListenError listen_refused(const std::string& address, int port, const std::error_code& error);

}  // namespace mm::runtime
