#include "services/gateway/net/tls.h"

#include "services/gateway/net/net.h"

#include <boost/asio/ssl/context.hpp>

#include "common/runtime/check_secrets.h"

namespace mm::gateway {

Result<std::shared_ptr<boost::asio::ssl::context>, std::string> make_tls(const std::string& cert_file,
                                                                         const std::string& key_file) {
  using Tls = net::ssl::context;
  auto tls = std::make_shared<Tls>(Tls::tls_server);
  error_code error;
  tls->set_options(Tls::default_workarounds | Tls::no_sslv2 | Tls::no_sslv3 | Tls::no_tlsv1 | Tls::no_tlsv1_1 |
                   Tls::no_compression | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_cipher_list(tls->native_handle(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  tls->use_certificate_chain_file(cert_file, error);
  if (error) return fail("the certificate in MM_TLS_CERT_FILE cannot be used: " + error.message());
  if (const auto objection = runtime::private_file_problem(key_file)) {
    return fail("the key in MM_TLS_KEY_FILE " + *objection);
  }
  tls->use_private_key_file(key_file, Tls::pem, error);
  if (error) return fail("the key in MM_TLS_KEY_FILE cannot be used: " + error.message());
  if (SSL_CTX_check_private_key(tls->native_handle()) != 1)
    return fail(std::string("the TLS key is not the certificate's"));
  return tls;
}

}  // namespace mm::gateway
