// Creates the TLS context of the gateway from the certificate and key files.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"

namespace boost::asio::ssl {
class context;
}

namespace mm::gateway {

/// Creates a context for TLS 1.2 and newer with this certificate chain and key (PEM files). The error text contains no
/// file contents.
Result<std::shared_ptr<boost::asio::ssl::context>, std::string> make_tls(const std::string& cert_file,
                                                                         const std::string& key_file);

}  // namespace mm::gateway
