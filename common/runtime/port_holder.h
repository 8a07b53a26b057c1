// Who has a TCP port of this machine that a daemon wants to listen on.
#pragma once

#include <string>
#include <system_error>

namespace mm::runtime {

/// "nats-server (pid 4711), which listens on it" or "curl (pid 4712), as the local port of a connection". Empty: nobody,
/// or a process of another user. Reads /proc; takes some milliseconds.
std::string port_holder(int port);

/// Why a daemon does not listen.
struct ListenError {
  std::string text;     ///< "cannot listen on 127.0.0.1:8080: Address already in use by …"
  bool in_use = false;  ///< another process has the port: it may become free. Nothing else passes by waiting
};

ListenError listen_refused(const std::string& address, int port, const std::error_code& error);

}  // namespace mm::runtime
